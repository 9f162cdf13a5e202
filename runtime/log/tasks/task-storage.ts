// What a log gives a running task: its inputs, its committed stores, and one way to change them.
import type { Entry } from '../../../schemas/record-entry.ts';
import type { TopicName } from '../../../schemas/records.ts';
import type { StoredRecord } from '../../contracts/record-log.ts';
import type { CommittedStores } from '../../state/committed-store.ts';

/** One task on one partition. */
export interface TaskStorage {
  readonly partition: number;
  /** The definition's stores, and the runner's own, whose names begin with `#`. */
  readonly stores: CommittedStores;
  /** Records from `from` on, within the bound; `next` is where to go on, beyond any gap. */
  read(topic: TopicName, from: bigint, bound: ReadBound): Promise<ReadChunk>;
  /** The offset the next record of this partition will have at least. */
  end(topic: TopicName): bigint;
  /**
   * For a record that another producer put on this partition although it belongs elsewhere: the entry to append there
   * instead of processing it here.
   */
  misplaced(record: StoredRecord): Entry | undefined;
  /** All of it or nothing (invariant 2). Rejects with a `LogError`. */
  commit(commit: TaskCommit): Promise<void>;
  /** Whether senders wait for appends just now: batches are then to be small. */
  pressed(): boolean;
  /** Resolves when a commit has room on the disk. */
  space(signal: AbortSignal): Promise<void>;
}

export interface ReadBound {
  readonly records: number;
  readonly bytes: number;
}

export interface ReadChunk {
  readonly records: readonly StoredRecord[];
  readonly next: bigint;
}

export interface TaskCommit {
  readonly changes: readonly StateChange[];
  readonly outputs: readonly Entry[];
}

/** `bytes` undefined: delete. */
export interface StateChange {
  readonly store: string;
  readonly key: string;
  readonly bytes: Uint8Array | undefined;
}

/** What the runner itself keeps beside the definition's stores; committed and restored like them. */
export const OWN_STORES = {
  /** topic → next offset to read, as decimal text. */
  positions: '#positions',
  /** timer key → due time, ms since 1970 UTC. */
  timers: '#timers',
  /** due time (16 digits), slash, timer key. */
  due: '#due',
  /** `item` → which item made the processor throw, and how often. */
  faults: '#faults',
} as const;

export function positionIn(stores: CommittedStores, topic: TopicName): bigint {
  const bytes = stores(OWN_STORES.positions).get(topic);
  return bytes === undefined ? 0n : positionOf(bytes);
}

export function positionChange(topic: TopicName, position: bigint): StateChange {
  return { store: OWN_STORES.positions, key: topic, bytes: Buffer.from(String(position), 'latin1') };
}

/** The positions among the changes of a commit. */
export function* positionsIn(changes: readonly StateChange[]): Generator<readonly [topic: string, position: bigint]> {
  for (const { store, key, bytes } of changes) {
    if (store === OWN_STORES.positions && bytes !== undefined) yield [key, positionOf(bytes)];
  }
}

function positionOf(bytes: Uint8Array): bigint {
  return BigInt(Buffer.from(bytes).toString('latin1'));
}
