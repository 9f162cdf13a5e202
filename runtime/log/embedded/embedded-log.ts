/**
 * The embedded log: LMDB in the data directory, one process, no server. One partition a topic.
 *
 * Writes go through one queue (`group-writer.ts`); an append and a task's commit resolve when the transaction that
 * holds them is flushed. Reads see only what is flushed, since LMDB shows a transaction when its meta page is written.
 * One process owns the directory (`folder-lock.ts`). When a flush fails the process ends (`onFatal`); what was
 * acknowledged is there at the next start.
 *
 * LMDB writes on libuv's pool: four busy threads of it raise the median of an append from 0.4 to 15 ms. The command
 * line raises UV_THREADPOOL_SIZE before anything uses the pool.
 */
import assert from 'node:assert/strict';
import type { RecordCodec } from '../../../codecs/avro/record-codec.ts';
import type { Entry, Position } from '../../../schemas/record-entry.ts';
import type { TopicName } from '../../../schemas/records.ts';
import type { Clock } from '../../contracts/clock.ts';
import { crashPoint } from '../../contracts/crash-point.ts';
import { EnvironmentError } from '../../contracts/environment-error.ts';
import {
  type LogDescription,
  LogError,
  type LogHealth,
  type RecordLog,
  type ScanRange,
  type StoredRecord,
} from '../../contracts/record-log.ts';
import type { Service } from '../../contracts/service.ts';
import type { ReadonlyState, StateSchema, TaskDefinition } from '../../contracts/task.ts';
import type { Telemetry } from '../../contracts/telemetry.ts';
import type { CommittedStore } from '../../state/committed-store.ts';
import { committedView } from '../../state/committed-view.ts';
import { StateTable } from '../../state/state-table.ts';
import { AppendGate } from '../append-gate.ts';
import { IntakePressure } from '../tasks/intake-pressure.ts';
import type { TaskStorage } from '../tasks/task-storage.ts';
import type { TaskOutline } from '../tasks/timer-barrier.ts';
import { Wakeup } from '../tasks/wakeup.ts';
import { prepareFolder } from './data-folder.ts';
import { DiskWatch } from './disk-watch.ts';
import { EmbeddedTasks } from './embedded-tasks.ts';
import { framedBytesMax } from './entry-framing.ts';
import { commitCause, type Environment, openEnvironment, textKey } from './environment.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { GroupWriter } from './group-writer.ts';
import { assertNotMigrated } from './migration-mark.ts';
import { scanTopic } from './record-scan.ts';
import { Retention, type RetentionOverrides } from './retention.ts';
import { PARTITION, TopicTable } from './topic-table.ts';

export interface EmbeddedLogOptions {
  /** Created with mode 0700 where it does not exist. */
  readonly folder: string;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Encodes what tasks reject. */
  readonly codec: RecordCodec;
  /** Free space below which nothing is appended. */
  readonly reserveBytes?: number;
  /** Address space set aside, not memory; more than this can never be stored. */
  readonly mapSizeBytes?: number;
  /** Bounds on what is appended and not yet flushed; an append beyond them waits. */
  readonly inFlightEntriesMax?: number;
  readonly inFlightBytesMax?: number;
  /** Of the thread's time, 0 to 1, for all tasks together while senders keep the log busy: their work is durable and waits. */
  readonly taskShareWhileAppending?: number;
  /** Retention of single topics, ms; null: for ever. In place of `schemas/topics.ts`. */
  readonly retentionMs?: RetentionOverrides;
  /** How old a record of a compacted topic is before a later one of its key may replace it. */
  readonly compactionLagMs?: number;
  /** How long a commit may take before the environment counts as stuck. */
  readonly commitDeadlineMs?: number;
  /**
   * A flush has failed, or a processor has thrown: the process is to end, without closing the log. By default it ends
   * with exit code 1. A flush that never settles ends the process by SIGKILL instead.
   */
  readonly onFatal?: (error: Error) => void;
  /** Opens a log that was carried to Kafka too: to go on carrying it, or to look into it. */
  readonly openMigrated?: boolean;
}

export interface StoredState {
  readonly task: string;
  /** Of the definition, or one of the runner's own. */
  readonly store: string;
  readonly entries: CommittedStore;
}

const MEBIBYTE = 1024 * 1024;
const DEFAULTS = {
  reserveBytes: 256 * MEBIBYTE,
  mapSizeBytes: 64 * 1024 * MEBIBYTE,
  inFlightEntriesMax: 10_000,
  inFlightBytesMax: 128 * MEBIBYTE,
  taskShareWhileAppending: 0.1,
  retentionMs: {},
  compactionLagMs: 3_600_000,
  commitDeadlineMs: 60_000,
  onFatal: endProcess,
  openMigrated: false,
} as const;

/** LMDB's own reason for a failed commit comes within moments, or not at all. */
const CAUSE_PATIENCE_MS = 1_000;
const LAYOUT = '1';
/** ENOSPC and EDQUOT of Linux. */
const NO_SPACE_CODES: readonly unknown[] = [28, 122];

/** Rejects with an `EnvironmentError`: `log.in_use`, `log.folder_not_writable`, `log.newer_layout` or `log.migrated`. */
export async function openEmbeddedLog(options: EmbeddedLogOptions): Promise<EmbeddedLog> {
  const startedMs = options.clock.monotonicMs();
  const identity = await prepareFolder(options.folder);
  const lock = await lockFolder(identity);
  try {
    if (lock.by === 'file') options.telemetry.record('log.lock_by_file', {});
    if (options.openMigrated !== true) await assertNotMigrated(options.folder);
    const environment = openEnvironment(options.folder, options.mapSizeBytes ?? DEFAULTS.mapSizeBytes);
    const log = new EmbeddedLog({ ...DEFAULTS, ...options }, environment, lock);
    await log.open(startedMs);
    return log;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

export class EmbeddedLog implements RecordLog {
  readonly #options: Required<EmbeddedLogOptions>;
  readonly #environment: Environment;
  readonly #lock: FolderLock;
  readonly #topics: ReadonlyMap<string, TopicTable>;
  readonly #disk: DiskWatch;
  readonly #gate: AppendGate;
  readonly #writer: GroupWriter;
  readonly #pressure: IntakePressure;
  readonly #tasks: EmbeddedTasks;
  readonly #retention: Retention;
  readonly #scans = new Set<Wakeup>();
  readonly #closing = new AbortController();
  readonly #background: Promise<void>[] = [];
  #closed: Promise<void> | undefined;

  constructor(options: Required<EmbeddedLogOptions>, environment: Environment, lock: FolderLock) {
    const { folder, clock, telemetry, reserveBytes, onFatal } = options;
    this.#options = options;
    this.#environment = environment;
    this.#lock = lock;
    this.#topics = topicTables(environment);
    this.#disk = new DiskWatch({ folder, reserveBytes, clock, telemetry });
    this.#gate = new AppendGate(options.inFlightEntriesMax, options.inFlightBytesMax);
    this.#pressure = new IntakePressure(clock);
    const state = new StateTable(environment);
    this.#writer = new GroupWriter({
      transaction: environment.transaction,
      clock,
      telemetry,
      committed: () => this.#groupCommitted(),
      rolledBack: () => {
        for (const topic of this.#topics.values()) topic.rolledBack();
        state.reload();
      },
      foundNoSpace: (error) => this.#foundNoSpace(error),
      fatal: (error, how) => (how === 'stuck' ? killProcess() : onFatal(error)),
    });
    this.#tasks = new EmbeddedTasks({
      ...options,
      topics: this.#topics,
      state,
      writer: this.#writer,
      pressure: this.#pressure,
      disk: this.#disk,
    });
    this.#retention = new Retention({
      ...options,
      environment,
      topics: this.#topics,
      writer: this.#writer,
      tasks: this.#tasks,
    });
  }

  async open(startedMs: number): Promise<void> {
    const { clock, telemetry, commitDeadlineMs } = this.#options;
    const { catalogue } = this.#environment;
    const layout = catalogue.get(textKey('layout'))?.toString();
    if (layout !== undefined && layout !== LAYOUT) {
      await this.#environment.close();
      throw new EnvironmentError('log.newer_layout', `the data directory has layout ${layout}, known is ${LAYOUT}`);
    }
    await this.#disk.look();
    crashPoint('restore');
    if (layout === undefined) {
      const write = (): void => void catalogue.putSync(textKey('layout'), Buffer.from(LAYOUT));
      await this.#writer.submit({ kind: 'commit', writes: 1, bytes: 0, write });
    }
    const { signal } = this.#closing;
    this.#background.push(
      this.#disk.run(signal),
      this.#writer.watch(commitDeadlineMs, signal),
      this.#retention.run(signal),
    );
    let records = 0;
    for (const { first, end } of this.#topics.values()) records += Number(end - first);
    telemetry.record('log.opened', { topics: this.#topics.size, records, tookMs: clock.monotonicMs() - startedMs });
  }

  async append(entries: readonly Entry[], signal: AbortSignal): Promise<readonly Position[]> {
    signal.throwIfAborted();
    this.#assertWritable();
    const tables = entries.map(({ topic }) => this.#topic(topic));
    if (entries.length === 0) return [];
    crashPoint('append.before');
    const bytes = entries.reduce((sum, entry) => sum + framedBytesMax(entry), 0);
    if (!this.#gate.tryEnter(entries.length, bytes)) {
      await this.#gate.enter(entries.length, bytes, signal);
    }
    this.#pressure.appendBegan(entries.length);
    try {
      // Space may have run out while this append waited.
      this.#assertWritable();
      const positions: Position[] = [];
      const write = (): void => {
        const nowMs = this.#options.clock.nowMs();
        for (const [index, entry] of entries.entries()) {
          const table = tables[index];
          if (table !== undefined) positions.push(table.append(entry, nowMs));
        }
      };
      // Invariant 1: resolves when flushed.
      await this.#writer.submit({ kind: 'append', writes: entries.length, bytes, write });
      crashPoint('append.after');
      return positions;
    } finally {
      this.#pressure.appendSettled();
      this.#gate.leave(entries.length, bytes);
    }
  }

  run<S extends StateSchema, Report>(definition: TaskDefinition<S, Report>): Service {
    return this.#tasks.run(definition);
  }

  async *scan(topic: TopicName, range: ScanRange, signal: AbortSignal): AsyncGenerator<readonly StoredRecord[]> {
    const grown = new Wakeup();
    this.#scans.add(grown);
    try {
      const closed = (): boolean => this.#closing.signal.aborted;
      yield* scanTopic({ table: this.#topic(topic), clock: this.#options.clock, grown, closed }, range, signal);
    } finally {
      this.#scans.delete(grown);
    }
  }

  view<S extends StateSchema, Report>(definition: TaskDefinition<S, Report>): readonly ReadonlyState<S>[] {
    return [committedView(definition, this.#tasks.stores(definition.name))];
  }

  /** For who reads like a task without being one: retention keeps what it has yet to read, and status shows how far it is. */
  attach(outline: TaskOutline, changed: (topics: ReadonlySet<string>) => void): TaskStorage {
    return this.#tasks.attach(outline, changed);
  }

  /** The states of all tasks as they are stored, for who carries them elsewhere. */
  storedStates(): readonly StoredState[] {
    return storeNames(this.#environment).map(({ task, store }) => {
      return { task, store, entries: this.#tasks.stores(task)(store) };
    });
  }

  health(): LogHealth {
    if (this.#writer.failed !== undefined) return { writable: false, code: this.#writer.failed.code };
    if (this.#closing.signal.aborted) return { writable: false, code: 'log.closed' };
    return this.#disk.full ? { writable: false, code: 'log.full' } : { writable: true };
  }

  async describe(): Promise<LogDescription> {
    const topics = [...this.#topics.values()].map(({ topic, first, end }) => ({
      topic,
      partition: PARTITION,
      first,
      end,
    }));
    return { topics, tasks: this.#tasks.describe() };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#tasks[Symbol.asyncDispose]();
    this.#closing.abort(new LogError('log.closed'));
    for (const scan of this.#scans) scan.notify();
    await this.#writer.close();
    await Promise.all(this.#background);
    // After a failed commit the environment is not touched again: closing would write.
    if (this.#writer.failed === undefined) await this.#environment.close();
    await this.#lock.release();
    this.#options.telemetry.record('log.closed', {});
  }

  #groupCommitted(): void {
    const grown = new Set<string>();
    for (const table of this.#topics.values()) if (table.committed()) grown.add(table.topic);
    this.#tasks.changed(grown);
    if (grown.size > 0) for (const scan of this.#scans) scan.notify();
  }

  async #foundNoSpace(error: unknown): Promise<boolean> {
    const patience = this.#options.clock.sleep(CAUSE_PATIENCE_MS, this.#closing.signal).catch(() => {});
    const cause = await commitCause(error, patience);
    // LMDB's codes mislead: on a full disk it has been seen to say 5 (EIO). What the disk says counts as well.
    await this.#disk.look();
    const noSpace = this.#disk.full || NO_SPACE_CODES.includes(codeOf(cause)) || NO_SPACE_CODES.includes(codeOf(error));
    if (noSpace) this.#disk.noteFull();
    return noSpace;
  }

  #assertWritable(): void {
    const health = this.health();
    if (!health.writable) throw new LogError(health.code);
  }

  #topic(name: string): TopicTable {
    const table = this.#topics.get(name);
    assert(table !== undefined, `${name} is in the topic table`);
    return table;
  }
}

function topicTables(environment: Environment): ReadonlyMap<string, TopicTable> {
  return new Map([...environment.topics].map(([name, table]) => [name, new TopicTable(name, table, environment)]));
}

/** In the order of task and store. `0` follows `/`: the end of all keys that begin with `store/`. */
function storeNames({ catalogue }: Environment): readonly { readonly task: string; readonly store: string }[] {
  return [...catalogue.getKeys({ start: textKey('store/'), end: textKey('store0') })].map((key) => {
    const [, task = '', store = ''] = key.toString().split('/');
    return { task, store };
  });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function endProcess(): void {
  process.exit(1);
}

/** An orderly exit joins the threads of the pool, and one of them hangs in the flush. */
function killProcess(): void {
  process.kill(process.pid, 'SIGKILL');
}
