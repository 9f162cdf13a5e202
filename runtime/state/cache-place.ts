/**
 * The folder of a state cache, for one process at a time. Several processes of a machine may share their cache folders:
 * a partition that moves between them takes its copy along.
 *
 * The owner before is given a moment to close. One that was stopped or hangs keeps its folder while its partition is
 * another's: then a spare folder is used, whose copy begins anew and is not kept.
 */
import type { Clock } from '../contracts/clock.ts';
import { EnvironmentError } from '../contracts/environment-error.ts';
import { prepareFolder } from '../log/embedded/data-folder.ts';
import { type FolderLock, lockFolder } from '../log/embedded/folder-lock.ts';

export interface CachePlace {
  readonly folder: string;
  readonly lock: FolderLock;
  readonly spare: boolean;
}

const PATIENCE_MS = 1_000;
const LOOK_AGAIN_MS = 20;
/** As many processes that hang are not survived. */
const SPARES_MAX = 8;

/** Rejects with `log.in_use` when the spare folders are in use too. */
export async function takePlace(folder: string, clock: Clock): Promise<CachePlace> {
  const never = new AbortController().signal;
  const startedMs = clock.monotonicMs();
  for (;;) {
    const lock = await tryLock(folder);
    if (lock !== undefined) return { folder, lock, spare: false };
    if (clock.monotonicMs() - startedMs >= PATIENCE_MS) break;
    await clock.sleep(LOOK_AGAIN_MS, never);
  }
  for (let number = 1; number <= SPARES_MAX; number += 1) {
    const spare = `${folder}.spare-${number}`;
    const lock = await tryLock(spare);
    if (lock !== undefined) return { folder: spare, lock, spare: true };
  }
  throw new EnvironmentError(
    'log.in_use',
    `other processes work in the state cache ${folder} and all its spare folders`,
  );
}

async function tryLock(folder: string): Promise<FolderLock | undefined> {
  try {
    return await lockFolder(await prepareFolder(folder));
  } catch (error) {
    if (error instanceof EnvironmentError && error.code === 'log.in_use') return undefined;
    throw error;
  }
}
