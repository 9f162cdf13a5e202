// The data directory of a process on Kafka: its control socket and its copies of states belong to it alone.
import type { Service } from '../contracts/service.ts';
import { prepareFolder } from '../log/embedded/data-folder.ts';
import { type FolderLock, lockFolder } from '../log/embedded/folder-lock.ts';

/** Made where it is not there, and held until drained. `start` rejects with `log.in_use` or `log.folder_not_writable`. */
export function directoryHold(folder: string): Service {
  let lock: FolderLock | undefined;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const drain = async () => {
    await lock?.release();
    lock = undefined;
    end();
  };
  return {
    name: 'data directory',
    ended,
    start: async (signal) => {
      signal.throwIfAborted();
      lock ??= await lockFolder(await prepareFolder(folder));
    },
    drain,
    [Symbol.asyncDispose]: drain,
  };
}
