// The data directory of a process on Kafka: its control socket and its copies of states belong to it alone.
import type { Service } from '../contracts/service.ts';
import { prepareFolder } from '../log/embedded/data-folder.ts';
import { type FolderLock, lockFolder } from '../log/embedded/folder-lock.ts';
import { assertMigrationFinished } from '../log/embedded/migration-mark.ts';

/** Made where it is not there, and held until drained. `start` rejects with `log.in_use`, `log.folder_not_writable` or `migration.unfinished`. */
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
      const identity = await prepareFolder(folder);
      await assertMigrationFinished(folder);
      lock ??= await lockFolder(identity);
    },
    drain,
    [Symbol.asyncDispose]: drain,
  };
}
