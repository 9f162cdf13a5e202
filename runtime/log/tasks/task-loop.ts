/**
 * One task on one partition, at work: read, compute, commit, again.
 *
 * 1. One batch is computed and committed before the next begins; nothing of a batch is kept but what is committed.
 * 2. A batch holds reports of the task's own I/O first, then due timers, then records. It ends after so many items,
 *    writes or ms of computing, whichever comes first: many while senders pause, since a flush costs the same for all;
 *    few while they do not (`turn-gate.ts`). A lone record is a batch of its own, at once.
 * 3. Due timers wait at the barrier (`timer-barrier.ts`).
 * 4. Where the log has offsets without a record, reading moves on over them; positions are then committed alone, since
 *    others wait for them at their barriers.
 * 5. A batch for which the disk has no space is computed again when there is some. After any other failed commit the
 *    loop ends; who opens it anew begins from what is committed.
 */
import type { RecordCodec } from '../../../codecs/avro/record-codec.ts';
import type { TopicName } from '../../../schemas/records.ts';
import type { Clock } from '../../contracts/clock.ts';
import { crashPoint } from '../../contracts/crash-point.ts';
import { LogError } from '../../contracts/record-log.ts';
import type { Effects, StateSchema, TaskDefinition } from '../../contracts/task.ts';
import type { Telemetry } from '../../contracts/telemetry.ts';
import { committedView } from '../../state/committed-view.ts';
import { type DueTimer, firstTimers } from './batch-timers.ts';
import { InputReader } from './input-reader.ts';
import { ATTEMPTS_MAX, attemptsOf, faultCleared, faultNoted, faultPlace, ProcessorFault } from './processor-faults.ts';
import { ReportQueue } from './report-queue.ts';
import { type BatchItem, TaskBatch } from './task-batch.ts';
import { positionIn, type StateChange, type TaskStorage } from './task-storage.ts';
import { type ProgressSource, TimerBarrier } from './timer-barrier.ts';
import type { TurnGate } from './turn-gate.ts';
import { Alarm, Wakeup } from './wakeup.ts';

interface BatchBound {
  readonly items: number;
  readonly writes: number;
  readonly computingMs: number;
}

const ORDINARY: BatchBound = { items: 2_000, writes: 4_000, computingMs: 20 };
const PRESSED: BatchBound = { items: 200, writes: 400, computingMs: 1.5 };

export interface TaskLoopOptions<S extends StateSchema, Report> {
  readonly definition: TaskDefinition<S, Report>;
  readonly storage: TaskStorage;
  readonly progress: ProgressSource;
  readonly codec: RecordCodec;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly turns: TurnGate;
}

export class TaskLoop<S extends StateSchema, Report> {
  readonly #options: TaskLoopOptions<S, Report>;
  readonly #wakeup = new Wakeup();
  readonly #alarm: Alarm;
  readonly #reports = new ReportQueue<Report>();
  readonly #abandoned = new AbortController();
  #reader: InputReader;
  #barrier: TimerBarrier | undefined;
  #effects: Effects | undefined;
  #effectsFailed: { readonly error: unknown } | undefined;
  /** reading: everything. reporting: only what the draining effects still report. ended: nothing new. */
  #phase: 'reading' | 'reporting' | 'ended' = 'reading';
  /** Items still to be processed one a commit, after one of a batch made the processor throw. */
  #singly = 0;

  constructor(options: TaskLoopOptions<S, Report>) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock, () => this.#wakeup.notify());
    this.#reader = this.#openReader();
  }

  /** Topics have grown, or another task has committed. */
  changed(topics: ReadonlySet<string>): void {
    if (this.#barrier !== undefined || this.#options.definition.inputs.some((topic) => topics.has(topic))) {
      this.#wakeup.notify();
    }
  }

  async startEffects(signal: AbortSignal): Promise<void> {
    const { definition, storage } = this.#options;
    const report = (value: Report): Promise<void> => this.#reports.add(value, () => this.#wakeup.notify());
    this.#effects = definition.effects?.(committedView(definition, storage.stores), report);
    // The task is nothing without its effects: when they fail by themselves, it fails with them.
    this.#effects?.ended.catch((error: unknown) => {
      this.#effectsFailed = { error };
      this.#wakeup.notify();
    });
    await this.#effects?.start(signal);
    // The commit that made work may have been that of an owner before.
    this.#effects?.wake();
  }

  /** Resolves when drained or abandoned; rejects when the task cannot go on. */
  async run(): Promise<void> {
    const { turns } = this.#options;
    try {
      while (!this.#abandoned.signal.aborted) {
        await turns.turn();
        if (this.#effectsFailed !== undefined) throw this.#effectsFailed.error;
        if (await this.#cycle()) continue;
        if (this.#phase === 'ended') return;
        await this.#wakeup.wait();
      }
    } finally {
      this.#alarm.clear();
      this.#reports.close(new LogError('log.closed'));
    }
  }

  /** The effects finish what they began, and their reports are still committed; records wait in the log. */
  async drain(deadline: AbortSignal): Promise<void> {
    if (this.#phase !== 'reading') return;
    this.#phase = 'reporting';
    crashPoint('drain');
    try {
      await this.#effects?.drain(deadline);
    } finally {
      this.#phase = 'ended';
      this.#wakeup.notify();
    }
  }

  /** Ends after the commit that is under way. */
  abandon(): void {
    this.#abandoned.abort(new LogError('log.closed'));
    this.#wakeup.notify();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.abandon();
    await this.#effects?.[Symbol.asyncDispose]();
  }

  /** Whether there was something to do. */
  async #cycle(): Promise<boolean> {
    const { definition, storage, codec, clock } = this.#options;
    try {
      await storage.space(this.#abandoned.signal);
    } catch {
      // Abandoned while waiting for space: nothing was taken yet.
      return false;
    }
    if (this.#phase === 'reading') await this.#reader.fill();
    const nowMs = clock.nowMs();
    const timers = this.#phase === 'reading' ? await this.#dueTimers(nowMs) : [];
    const startedMs = clock.monotonicMs();
    const batch = new TaskBatch(definition, storage.stores, codec, nowMs);
    const items: BatchItem<Report>[] = [];
    const bound = storage.pressed() ? PRESSED : ORDINARY;
    try {
      for (const item of this.#pending(timers)) {
        items.push(item);
        if (item.kind === 'record') this.#reader.take(item.record);
        const elsewhere = item.kind === 'record' ? storage.misplaced(item.record) : undefined;
        if (elsewhere === undefined) batch.add(item);
        else batch.moveOn(elsewhere);
        if (this.#batchIsFull(bound, items.length, batch.writes, startedMs)) break;
      }
      if (items.length === 0 && !this.#positionsMoved()) return false;
      batch.conclude();
    } catch (error) {
      await this.#itemFailed(items, error);
      return true;
    }
    await this.#commit(batch, items, [], startedMs);
    if (this.#singly > 0) this.#singly -= 1;
    return true;
  }

  *#pending(timers: readonly DueTimer[]): Generator<BatchItem<Report>, void, undefined> {
    for (const report of this.#reports.first(ORDINARY.items)) yield { kind: 'report', report };
    if (this.#phase !== 'reading') return;
    for (const timer of timers) yield { kind: 'timer', timer };
    for (let record = this.#reader.peek(); record !== undefined; record = this.#reader.peek()) {
      yield { kind: 'record', record };
    }
  }

  /** Whether reading went on without a record: over the marks of transactions, aborted ones, what retention removed. */
  #positionsMoved(): boolean {
    if (this.#phase !== 'reading') return false;
    const { stores } = this.#options.storage;
    return [...this.#reader.positions()].some(([topic, position]) => position > positionIn(stores, topic));
  }

  async #dueTimers(nowMs: number): Promise<readonly DueTimer[]> {
    const { definition, storage, progress } = this.#options;
    const next = firstTimers(storage.stores, 1)[0];
    if (next === undefined) {
      this.#barrier = undefined;
      return [];
    }
    if (this.#barrier !== undefined && next.dueMs > this.#barrier.atMs) this.#barrier = undefined;
    if (next.dueMs > nowMs) {
      this.#alarm.set(next.dueMs);
      return [];
    }
    const seen = await progress.look();
    this.#barrier ??= new TimerBarrier(definition, storage.partition, nowMs, seen);
    if (!this.#barrier.passed(seen, this.#reader.positions())) return [];
    const { atMs } = this.#barrier;
    return firstTimers(storage.stores, ORDINARY.items).filter(({ dueMs }) => dueMs <= atMs);
  }

  #batchIsFull(bound: BatchBound, items: number, writes: number, startedMs: number): boolean {
    if (this.#singly > 0 || items >= bound.items || writes >= bound.writes) return true;
    return this.#options.clock.monotonicMs() - startedMs >= bound.computingMs;
  }

  async #commit(
    batch: TaskBatch<S, Report>,
    items: readonly BatchItem<Report>[],
    own: readonly StateChange[],
    startedMs: number,
  ): Promise<void> {
    const { definition, storage, telemetry, clock, turns } = this.#options;
    const labels = { task: definition.name, partition: storage.partition };
    try {
      crashPoint('commit.before');
      const commit = batch.commit(this.#reader.positions(), own);
      turns.charge(clock.monotonicMs() - startedMs);
      await storage.commit(commit);
      crashPoint('commit.after');
    } catch (error) {
      if (!(error instanceof LogError && error.code === 'log.full')) throw error;
      telemetry.record('task.waiting_for_space', labels);
      this.#reader = this.#openReader();
      return;
    }
    const reports = count(items, 'report');
    this.#reports.committed(reports);
    for (const { record, failure } of batch.rejections) {
      const { topic, partition, offset } = record.position;
      const { code } = failure;
      telemetry.record('task.rejected', { task: definition.name, code, topic, partition, offset: String(offset) });
    }
    telemetry.record('task.committed', {
      ...labels,
      records: count(items, 'record'),
      wakes: count(items, 'timer'),
      reports,
      outputs: batch.outputs,
      tookSeconds: (clock.monotonicMs() - startedMs) / 1_000,
    });
    this.#effects?.wake();
  }

  async #itemFailed(items: readonly BatchItem<Report>[], error: unknown): Promise<void> {
    const { definition, storage, telemetry, codec, clock } = this.#options;
    this.#reader = this.#openReader();
    const [item] = items;
    if (items.length > 1 || item === undefined) {
      this.#singly = items.length;
      return;
    }
    const attempt = attemptsOf(item, storage.stores);
    const position = item.kind === 'record' ? item.record.position : undefined;
    telemetry.record('task.processor_failed', {
      task: definition.name,
      topic: position?.topic ?? `(${item.kind})`,
      partition: storage.partition,
      offset: String(position?.offset ?? ''),
      attempt,
      fault: faultPlace(error),
    });
    if (attempt < ATTEMPTS_MAX) {
      if (attempt > 0) await storage.commit({ changes: [faultNoted(item, attempt)], outputs: [] });
      throw new ProcessorFault(definition.name, { cause: error });
    }
    const batch = new TaskBatch(definition, storage.stores, codec, clock.nowMs());
    batch.setAside(item, {
      kind: 'permanent',
      code: 'task.processor_failed',
      message: `the processor of ${definition.name} ended with an exception ${attempt} times`,
    });
    await this.#reader.fill();
    if (item.kind === 'record') this.#reader.takeFirstOf(item.record.position.topic);
    await this.#commit(batch, [item], [faultCleared()], clock.monotonicMs());
  }

  #openReader(): InputReader {
    const { definition, storage } = this.#options;
    const positions = new Map<TopicName, bigint>();
    for (const topic of definition.inputs) positions.set(topic, positionIn(storage.stores, topic));
    return new InputReader(storage, positions);
  }
}

function count<Report>(items: readonly BatchItem<Report>[], kind: BatchItem<Report>['kind']): number {
  return items.filter((item) => item.kind === kind).length;
}
