/**
 * The local copy of one task partition's state, in LMDB. The state itself is the task's changelog; the copy spares a
 * restart from reading all of it, and serves the reads.
 *
 * 1. A copy is dropped when in doubt: of something else, torn by the machine (`cache-mark.ts`), or so old that the
 *    changelog may have forgotten deletions that the copy has not seen.
 * 2. Nothing is flushed before the close. A process that is killed leaves the copy whole, because the kernel keeps what
 *    was written and LMDB never overwrites a page in use.
 * 3. Changes and the offset they reach to are one transaction, carried out by LMDB's own thread: the main thread only
 *    encodes (2,000 changes of 300 bytes: 1.5 ms there; in a transaction on the main thread 9 to 17 ms).
 * 4. One environment a copy: copies are dropped, handed over between processes and written independently.
 */
import assert from 'node:assert/strict';
import { chmod, open as openFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import type { Clock } from '../contracts/clock.ts';
import { LogError } from '../contracts/record-log.ts';
import { commitCause } from '../log/embedded/environment.ts';
import type { StateChange } from '../log/tasks/task-storage.ts';
import { bootId, type CacheDropReason, distrustOf, readMark, writeMark } from './cache-mark.ts';
import { type CachePlace, takePlace } from './cache-place.ts';
import type { CommittedStore } from './committed-store.ts';
import { StateTable, type StateTables } from './state-table.ts';

export interface StateCacheOptions {
  /** Of this task partition alone; created with mode 0700. */
  readonly folder: string;
  /** One line: what this is a copy of, and in which layout. */
  readonly identity: string;
  readonly clock: Clock;
  /** A copy of before cannot be used; the cache begins empty. */
  readonly dropped: (reason: CacheDropReason) => void;
}

/** Half of Kafka's default `delete.retention.ms`: for so long at least the changelog remembers a deletion. */
const AGE_MAX_MS = 12 * 60 * 60 * 1_000;
/** Clocks are set back by people and by time servers; no further than this is taken for a correction. */
const AHEAD_MAX_MS = 60 * 60 * 1_000;

/** Address space, not disk: far above any state of one partition. */
const MAP_SIZE_BYTES = 16 * 2 ** 30;
const FILE = 'state.mdb';
const APPLIED_TO = Buffer.from('applied_to');
const CURRENT_AT = Buffer.from('current_at_ms');
/** One task a cache, so its stores need no other name. */
const TASK = '';
const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** Rejects with `log.in_use` when other processes have the folder and all its spare ones open. */
export async function openStateCache(options: StateCacheOptions): Promise<StateCache> {
  const { identity } = options;
  assert(!identity.includes('\n'), 'the identity of a cache is one line');
  const place = await takePlace(options.folder, options.clock);
  const { folder, lock } = place;
  try {
    const boot = await bootId();
    const distrust = distrustOf(await readMark(folder), boot, identity);
    if (distrust !== undefined && (await removeCopy(folder))) options.dropped(distrust);
    await writeMark(folder, { state: 'opening', boot, identity });
    const copy = await openTrusted(folder, options);
    await writeMark(folder, { state: 'open', boot, identity });
    return new StateCache({ ...options, ...place, boot }, copy);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

interface OpenedOptions extends StateCacheOptions, CachePlace {
  readonly boot: string;
}

export class StateCache implements AsyncDisposable {
  readonly #options: OpenedOptions;
  readonly #copy: Copy;
  readonly #table: StateTable;
  #appliedTo: bigint | undefined;
  #currentAtMs: number | undefined;
  #writing: Promise<void> = Promise.resolve();
  #condition: 'sound' | 'broken' | 'closed' = 'sound';

  /** By `openStateCache` only. */
  constructor(options: OpenedOptions, copy: Copy) {
    this.#options = options;
    this.#copy = copy;
    this.#table = new StateTable(copy);
    const { appliedTo, currentAtMs } = standOf(copy);
    this.#appliedTo = appliedTo;
    this.#currentAtMs = currentAtMs;
  }

  store(name: string): CommittedStore {
    return this.#table.store(TASK, name);
  }

  /** The offset of the changelog up to which everything is contained, exclusive; undefined: nothing is. */
  get appliedTo(): bigint | undefined {
    return this.#appliedTo;
  }

  /** Ms since 1970 UTC: the copy contains every change that was made before; undefined: it is empty. */
  get currentAtMs(): number | undefined {
    return this.#currentAtMs;
  }

  /**
   * All of it or nothing; reads see it when the promise resolves. `currentAtMs`: a time by the wall clock at which no
   * change beyond `appliedTo` had been made yet, so for a commit the time when it began. Rejects with
   * `log.commit_failed`; the cache is then to be closed, and the next one begins empty.
   */
  apply(changes: readonly StateChange[], appliedTo: bigint, currentAtMs: number): Promise<void> {
    return this.#inTurn(async () => {
      const { root, catalogue } = this.#copy;
      await root.batch(() => {
        this.#table.write(TASK, changes);
        void catalogue.put(APPLIED_TO, Buffer.from(String(appliedTo)));
        void catalogue.put(CURRENT_AT, Buffer.from(String(currentAtMs)));
      });
      this.#appliedTo = appliedTo;
      this.#currentAtMs = currentAtMs;
    });
  }

  /** Empties the cache, since it cannot be used. */
  async drop(reason: CacheDropReason): Promise<void> {
    await this.clear();
    this.#options.dropped(reason);
  }

  /** Empties the cache; its pages are used again. */
  clear(): Promise<void> {
    return this.#inTurn(async () => {
      const { root, state, catalogue } = this.#copy;
      await root.batch(() => {
        void state.clearAsync();
        void catalogue.clearAsync();
      });
      this.#table.reload();
      this.#appliedTo = undefined;
      this.#currentAtMs = undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#condition === 'closed') return;
    const { folder, identity, boot, lock, spare } = this.#options;
    // A write that failed has told its caller.
    await this.#writing.catch(() => {});
    const kept = this.#condition === 'sound' && !spare;
    this.#condition = 'closed';
    try {
      await this.#copy.root.close();
      if (kept) {
        await syncFile(join(folder, FILE));
        await writeMark(folder, { state: 'closed', boot, identity });
      } else await removeCopy(folder);
    } finally {
      await lock.release();
    }
  }

  #inTurn(write: () => Promise<void>): Promise<void> {
    const turn = this.#writing.then(async () => {
      if (this.#condition !== 'sound') throw new LogError('log.closed');
      try {
        await write();
      } catch (error) {
        this.#condition = 'broken';
        throw new LogError('log.commit_failed', { cause: (await commitCause(error, Promise.resolve())) ?? error });
      }
    });
    this.#writing = turn;
    return turn;
  }
}

interface Copy extends StateTables {
  readonly root: RootDatabase<Buffer, Buffer>;
}

async function openTrusted(folder: string, { clock, dropped }: StateCacheOptions): Promise<Copy> {
  let reason: CacheDropReason;
  try {
    const copy = await openCopy(folder);
    const { currentAtMs } = standOf(copy);
    const ageMs = currentAtMs === undefined ? 0 : clock.nowMs() - currentAtMs;
    if (ageMs <= AGE_MAX_MS && ageMs >= -AHEAD_MAX_MS) return copy;
    reason = 'aged';
    await copy.root.close();
  } catch {
    // Whatever LMDB finds amiss: all that is in the copy is in the changelog too.
    reason = 'unreadable';
  }
  dropped(reason);
  await removeCopy(folder);
  return await openCopy(folder);
}

async function openCopy(folder: string): Promise<Copy> {
  const root = open<Buffer, Buffer>({
    path: join(folder, FILE),
    noSubdir: true,
    mapSize: MAP_SIZE_BYTES,
    maxDbs: 2,
    // Losing the copy loses nothing. Not `useWritemap`: a full disk would end the process by SIGBUS.
    noSync: true,
    overlappingSync: false,
    eventTurnBatching: false,
    ...BINARY,
  });
  await chmod(join(folder, FILE), 0o600);
  await chmod(join(folder, `${FILE}-lock`), 0o600);
  return {
    root,
    state: root.openDB<Buffer, Buffer>({ name: 'state', ...BINARY }),
    catalogue: root.openDB<Buffer, Buffer>({ name: 'catalogue', ...BINARY }),
  };
}

function standOf({ catalogue }: Copy): {
  readonly appliedTo: bigint | undefined;
  readonly currentAtMs: number | undefined;
} {
  const appliedTo = catalogue.get(APPLIED_TO);
  const currentAtMs = catalogue.get(CURRENT_AT);
  return {
    appliedTo: appliedTo === undefined ? undefined : BigInt(appliedTo.toString('latin1')),
    currentAtMs: currentAtMs === undefined ? undefined : Number(currentAtMs.toString('latin1')),
  };
}

/** Whether there was one. */
async function removeCopy(folder: string): Promise<boolean> {
  await rm(join(folder, `${FILE}-lock`), { force: true });
  try {
    await rm(join(folder, FILE));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await openFile(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
