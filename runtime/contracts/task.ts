// A processor over all its inputs of one partition, with state, timers and outputs that are committed together.
import type { Failure } from '../../schemas/failure.ts';
import type { Entry } from '../../schemas/record-entry.ts';
import type { TopicName } from '../../schemas/records.ts';
import type { StoredRecord } from './record-log.ts';
import type { Service } from './service.ts';

// biome-ignore lint/suspicious/noExplicitAny: a schema's values are of any type; each store names its own.
export type StateSchema = Readonly<Record<string, any>>;

/** How a store's values become bytes; they outlive the process and the version, so a change must read the old form. */
export interface StateCodec<V> {
  encode(value: V): Uint8Array;
  /** The bytes may not be kept: copy what outlives the call. */
  decode(bytes: Uint8Array): V;
}

/**
 * One store a name: ordered by the UTF-8 bytes of the key, so that a prefix is a range. Keys are at most 1,900 bytes
 * and begin with the site. Reads see the batch's own writes.
 */
export interface StateStore<V> {
  get(key: string): V | undefined;
  range(prefix: string): Iterable<readonly [key: string, value: V]>;
  set(key: string, value: V): void;
  delete(key: string): void;
}
export type State<S extends StateSchema> = { readonly [K in keyof S]: StateStore<S[K]> };
export type ReadonlyState<S extends StateSchema> = { readonly [K in keyof S]: Pick<StateStore<S[K]>, 'get' | 'range'> };

export interface Timers {
  /** At most one timer a key (of at most 1,880 bytes); a later call moves it. Fires (`wake`) once all inputs known at its due time, the upstream tasks' outputs included, have been read. */
  schedule(key: string, dueMs: number): void;
  cancel(key: string): void;
}

export interface TaskContext<S extends StateSchema> {
  /** Wall time of the batch, ms since 1970 UTC. */
  readonly nowMs: number;
  readonly state: State<S>;
  readonly timers: Timers;
  /** Asks for one `conclude(key)` before this batch is committed, however often it is called: a snapshot a touched study and commit. */
  touch(key: string): void;
  emit(entry: Entry): void;
  /** A record that cannot be used: reason and bytes go to `dead.letters`, in the same commit. */
  reject(record: StoredRecord, failure: Failure): void;
}

/**
 * How the state is divided between partitions, when it is carried to a log that has more of them: a group goes where
 * the records go that its entries came from.
 */
export interface StateGrouping<S extends StateSchema> {
  /** The store whose keys are partition keys of the inputs, one a group. Timers are keyed by them too. */
  readonly roots: keyof S & string;
  /** The same text for all entries of a group; of the root among them. */
  groupOf(store: keyof S & string, key: string): string;
}

/**
 * `process`, `wake`, `settle` and `conclude` are synchronous and do no I/O: the signature forbids it. The runner calls
 * them one after another, collects, and commits state, outputs, timers and positions together (invariant 2).
 */
export interface TaskDefinition<S extends StateSchema, Report = never> {
  /** Lower-case, stable: state and positions are found by it. */
  readonly name: string;
  readonly inputs: readonly TopicName[];
  /** What `emit` may write; the graph of topics and tasks is read off from here. `dead.letters` is always allowed. */
  readonly outputs: readonly TopicName[];
  readonly stores: { readonly [K in keyof S]: StateCodec<S[K]> };
  /** Of a task whose inputs are not partitioned by site: which entries belong together. Without it, those of a site do. */
  readonly grouping?: StateGrouping<S>;
  process(record: StoredRecord, context: TaskContext<S>): void;
  /** A timer is due. */
  wake?(key: string, context: TaskContext<S>): void;
  /** What this task's own I/O reports (the cloud's answer, a page of a change feed): committed as a record is. */
  settle?(report: Report, context: TaskContext<S>): void;
  /** Called for each touched key after everything else of the batch, in the order of first touch. */
  conclude?(key: string, context: TaskContext<S>): void;
  /** The I/O of a task that has some, alive only while this process owns the partition. `report` resolves when the settlement is committed. */
  effects?(state: ReadonlyState<S>, report: (value: Report) => Promise<void>): Effects;
}

/** The sender of a sink, the poller of a feed. */
export interface Effects extends Service {
  /** Called once after `start` and after each commit: there may be new work in the state. */
  wake(): void;
}
