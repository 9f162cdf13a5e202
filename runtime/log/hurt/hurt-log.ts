/**
 * A log made to hurt: in memory, for tests. It keeps every promise of the contract and none beyond it, so that no code
 * leans on what only the embedded log gives.
 *
 * Several partitions; gaps in the offsets; reads that bring little and late; restoring that takes its time; commits
 * that fail, some before and some after they took effect; a new owner while the old one is still in a batch, whose
 * commit is then refused. All by chance from a seed.
 */
import { createHash } from 'node:crypto';
import type { RecordCodec } from '../../../codecs/avro/record-codec.ts';
import type { Entry, Position } from '../../../schemas/record-entry.ts';
import type { TopicName } from '../../../schemas/records.ts';
import { TOPICS } from '../../../schemas/topics.ts';
import type { Clock } from '../../contracts/clock.ts';
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
import { committedView } from '../../state/committed-view.ts';
import { Wakeup } from '../tasks/wakeup.ts';
import { HurtPartition } from './hurt-partition.ts';
import { HurtTasks } from './hurt-tasks.ts';
import { type SeededRandom, seededRandom } from './seeded-random.ts';
import { type HurtTopics, ORDINARY_TROUBLES, type Troubles, turns } from './troubles.ts';

export interface HurtLogOptions {
  readonly seed: number;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly codec: RecordCodec;
  readonly partitions?: number;
  readonly troubles?: Partial<Troubles>;
  /** A processor threw; by default the process ends by an unhandled error. */
  readonly onFatal?: (error: Error) => void;
}

export function createHurtLog(options: HurtLogOptions): RecordLog {
  return new HurtLog(options);
}

class HurtLog implements RecordLog {
  readonly #options: HurtLogOptions;
  readonly #troubles: Troubles;
  readonly #random: SeededRandom;
  readonly #topics: HurtTopics;
  readonly #tasks: HurtTasks;
  readonly #scans = new Set<Wakeup>();
  #closed = false;

  constructor(options: HurtLogOptions) {
    const { seed, clock, telemetry, codec, partitions = 3 } = options;
    this.#options = options;
    this.#troubles = { ...ORDINARY_TROUBLES, ...options.troubles };
    this.#random = seededRandom(seed);
    this.#topics = new Map(
      Object.keys(TOPICS).map((topic) => [
        topic,
        Array.from({ length: partitions }, (_, partition) => new HurtPartition(topic, partition)),
      ]),
    );
    this.#tasks = new HurtTasks({
      topics: this.#topics,
      partitions,
      random: this.#random,
      troubles: this.#troubles,
      clock,
      telemetry,
      codec,
      place: (entries) => this.#place(entries),
      onFatal: (error) => {
        if (options.onFatal === undefined) throw error;
        options.onFatal(error);
      },
    });
  }

  async append(entries: readonly Entry[], signal: AbortSignal): Promise<readonly Position[]> {
    signal.throwIfAborted();
    if (this.#closed) throw new LogError('log.closed');
    for (const { topic } of entries) if (!this.#topics.has(topic)) throw new TypeError(`no topic ${topic}`);
    await turns(this.#random.below(3));
    const fails = this.#random.happens(this.#troubles.failedAppend);
    if (fails && this.#random.happens(0.5)) throw new LogError('log.commit_failed');
    const positions = this.#place(entries);
    if (fails) throw new LogError('log.commit_failed');
    return positions;
  }

  run<S extends StateSchema, Report>(definition: TaskDefinition<S, Report>): Service {
    return this.#tasks.run(definition);
  }

  async *scan(topic: TopicName, range: ScanRange, signal: AbortSignal): AsyncGenerator<readonly StoredRecord[]> {
    const grown = new Wakeup();
    const wake = (): void => grown.notify();
    this.#scans.add(grown);
    signal.addEventListener('abort', wake, { once: true });
    const partitions = (this.#topics.get(topic) ?? []).map((partition) => ({
      partition,
      next: range.fromOffset ?? 0n,
      end: partition.end,
    }));
    try {
      for (;;) {
        for (const cursor of partitions) {
          const limit = range.follow === true ? cursor.partition.end : cursor.end;
          while (cursor.next < limit) {
            signal.throwIfAborted();
            const chunk = cursor.partition.read(cursor.next, 1 + this.#random.below(10));
            cursor.next = (chunk.at(-1)?.position.offset ?? limit - 1n) + 1n;
            const within = chunk.filter(({ position }) => position.offset < limit).filter(isWithin(range));
            if (within.length > 0) yield within;
            await turns(1);
          }
        }
        if (range.follow !== true) return;
        await grown.wait();
        signal.throwIfAborted();
        if (this.#closed) throw new LogError('log.closed');
      }
    } finally {
      this.#scans.delete(grown);
      signal.removeEventListener('abort', wake);
    }
  }

  view<S extends StateSchema, Report>(definition: TaskDefinition<S, Report>): readonly ReadonlyState<S>[] {
    return this.#tasks.stores(definition.name).map((stores) => committedView(definition, stores));
  }

  health(): LogHealth {
    return this.#closed ? { writable: false, code: 'log.closed' } : { writable: true };
  }

  async describe(): Promise<LogDescription> {
    const topics = Object.keys(TOPICS)
      .filter(isTopic)
      .flatMap((topic) =>
        (this.#topics.get(topic) ?? []).map(({ end }, partition) => ({ topic, partition, first: 0n, end })),
      );
    return { topics, tasks: this.#tasks.describe() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tasks[Symbol.asyncDispose]();
    this.#closed = true;
    for (const scan of this.#scans) scan.notify();
  }

  #place(entries: readonly Entry[]): readonly Position[] {
    const nowMs = this.#options.clock.nowMs();
    const skipped = new Set<HurtPartition>();
    const positions = entries.map((entry) => {
      const partitions = this.#topics.get(entry.topic) ?? [];
      const partition = partitions[partitionOf(entry.partitionKey, partitions.length)];
      if (partition === undefined) throw new TypeError(`no topic ${entry.topic}`);
      // The entries of one call stay together: a gap only before the first.
      if (!skipped.has(partition) && this.#random.happens(this.#troubles.gap)) {
        partition.skip(1 + this.#random.below(3));
      }
      skipped.add(partition);
      return partition.append(entry, nowMs);
    });
    this.#tasks.changed(new Set(entries.map(({ topic }) => topic)));
    for (const scan of this.#scans) scan.notify();
    return positions;
  }
}

function partitionOf(partitionKey: string, partitions: number): number {
  return createHash('sha256').update(partitionKey).digest().readUInt32BE(0) % partitions;
}

function isTopic(name: string): name is TopicName {
  return Object.hasOwn(TOPICS, name);
}

function isWithin({ fromMs, throughMs }: ScanRange): (record: StoredRecord) => boolean {
  return ({ appendedAtMs }) =>
    appendedAtMs >= (fromMs ?? Number.NEGATIVE_INFINITY) && appendedAtMs <= (throughMs ?? Number.POSITIVE_INFINITY);
}
