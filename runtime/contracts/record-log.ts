// The durable log: the only door in, and what carries the tasks.
import type { Entry, Position } from '../../schemas/record-entry.ts';
import type { TopicName } from '../../schemas/records.ts';
import type { Service } from './service.ts';
import type { ReadonlyState, StateSchema, TaskDefinition } from './task.ts';

export type { Entry, Position } from '../../schemas/record-entry.ts';

export interface StoredRecord extends Entry {
  readonly position: Position;
  /** Ms since 1970 UTC. */
  readonly appendedAtMs: number;
}

export interface RecordLog extends AsyncDisposable {
  /**
   * Resolves when every entry is durable, with one position an entry; rejects with a `LogError` when that is not known.
   * Bounded: waits while too much is in flight. The entries of one call are consecutive in their partition.
   */
  append(entries: readonly Entry[], signal: AbortSignal): Promise<readonly Position[]>;
  /** Runs tasks of this definition on the partitions this process owns, until drained. */
  run<S extends StateSchema, Report>(definition: TaskDefinition<S, Report>): Service;
  /** A slice of history outside any task, in order of offsets a partition: for replay, inspection, export. */
  scan(topic: TopicName, range: ScanRange, signal: AbortSignal): AsyncIterable<readonly StoredRecord[]>;
  /** The committed state of this definition on the partitions this process owns: for status and inspection. */
  view<S extends StateSchema, Report>(definition: TaskDefinition<S, Report>): readonly ReadonlyState<S>[];
  /** Whether an append can succeed just now, and why not. */
  health(): LogHealth;
  /** Where the topics end and where the tasks have read to. */
  describe(signal: AbortSignal): Promise<LogDescription>;
}

export interface ScanRange {
  /** Appended at or after, ms since 1970 UTC. */
  readonly fromMs?: number;
  readonly throughMs?: number;
  /** First offset, inclusive. */
  readonly fromOffset?: bigint;
  /** Goes on with what is appended later, until the signal aborts. */
  readonly follow?: boolean;
}

export type LogHealth = { readonly writable: true } | { readonly writable: false; readonly code: LogErrorCode };

export interface LogDescription {
  readonly topics: readonly {
    readonly topic: TopicName;
    readonly partition: number;
    readonly first: bigint;
    readonly end: bigint;
  }[];
  readonly tasks: readonly {
    readonly task: string;
    readonly partition: number;
    readonly inputs: readonly { readonly topic: TopicName; readonly position: bigint; readonly end: bigint }[];
  }[];
}

export type LogErrorCode = 'log.full' | 'log.unavailable' | 'log.record_refused' | 'log.commit_failed' | 'log.closed';

/**
 * The log could not take what was appended. `log.full` and `log.unavailable` heal by themselves; after
 * `log.commit_failed` of an append the process ends, after that of a task's commit the task is opened anew.
 */
export class LogError extends Error {
  readonly code: LogErrorCode;
  constructor(code: LogErrorCode, options?: ErrorOptions) {
    super(code, options);
    this.name = 'LogError';
    this.code = code;
  }
}

/** A full disk, or brokers that do not answer: senders wait. */
export function healsByItself(code: LogErrorCode): boolean {
  return code === 'log.full' || code === 'log.unavailable';
}

/**
 * The log will never take some of the entries, because of what they are: larger than a record may be. All others of the
 * call are durable. To append them again would be in vain; whoever sent them is to be told no.
 */
export class RecordRefused extends LogError {
  /** Indexes of the entries that are not stored. */
  readonly refused: ReadonlySet<number>;
  constructor(refused: ReadonlySet<number>) {
    super('log.record_refused');
    this.name = 'RecordRefused';
    this.refused = refused;
  }
}
