/**
 * The log on Apache Kafka: what connectors append, what is scanned, and the tasks of this process.
 *
 * Nothing is opened on topics that are missing or that contradict the layout. Appends go through one producer
 * (`record-producer.ts`), tasks through producers of their own (`task-producer.ts`); whoever reads has a connection of
 * its own, since long polls do not share one.
 */
import assert from 'node:assert/strict';
import type { Entry, Position } from '../../../schemas/record-entry.ts';
import type { TopicName } from '../../../schemas/records.ts';
import { systemClock } from '../../contracts/clock.ts';
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
import { committedView } from '../../state/committed-view.ts';
import { IntakePressure } from '../tasks/intake-pressure.ts';
import { type ClusterReader, openClusterReader } from './cluster-reader.ts';
import { connectFault } from './connect-fault.ts';
import type { KafkaLogOptions } from './kafka-options.ts';
import { scanTopic } from './kafka-scan.ts';
import { KafkaTasks } from './kafka-tasks.ts';
import { ProduceSession } from './produce-session.ts';
import { RecordProducer } from './record-producer.ts';
import { assertTopics } from './topic-admin.ts';
import { kafkaNames } from './topic-names.ts';
import { batchBytesMax, expectedTopics, topicNames } from './topic-settings.ts';

/**
 * Rejects with an `EnvironmentError`: `kafka.unreachable`, `kafka.authentication_failed`, `kafka.topics_missing` or
 * `kafka.topics_differ`.
 */
export async function openKafkaLog(options: KafkaLogOptions): Promise<RecordLog> {
  const { connection, layout, telemetry, topology } = options;
  const begunMs = systemClock.monotonicMs();
  const { clusterId, brokers } = await assertTopics(connection, telemetry, expectedTopics(layout, topology));
  const log = new KafkaLog(options, clusterId);
  try {
    await log.open();
  } catch (error) {
    await log[Symbol.asyncDispose]();
    throw connectFault(error, connection);
  }
  telemetry.record('kafka.connected', { brokers, tookMs: Math.round(systemClock.monotonicMs() - begunMs) });
  return log;
}

class KafkaLog implements RecordLog {
  readonly #options: KafkaLogOptions;
  /** With the prefix, by topic. */
  readonly #topics: ReadonlyMap<TopicName, string>;
  readonly #producer: RecordProducer;
  readonly #tasks: KafkaTasks;
  readonly #closing = new AbortController();
  #reader: Promise<ClusterReader> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: KafkaLogOptions, clusterId: string) {
    const { connection, layout, tuning, clock, telemetry } = options;
    const names = kafkaNames(layout.topicPrefix);
    this.#options = options;
    this.#topics = new Map(topicNames().map((topic) => [topic, names.topic(topic)]));
    // The gaps between appends are real ones, also where a test moves the clock of tasks.
    const pressure = new IntakePressure(systemClock);
    this.#producer = new RecordProducer({
      open: async (before) =>
        await ProduceSession.open(
          {
            connection,
            telemetry,
            topics: [...this.#topics.values()],
            compression: tuning.compression,
            replicasTimeoutMs: tuning.appendTimeoutMs,
          },
          before,
        ),
      topics: this.#topics,
      partitions: layout.partitions,
      batchBytesMax: batchBytesMax(layout),
      appendTimeoutMs: tuning.appendTimeoutMs,
      clock,
      telemetry,
      pressure,
    });
    this.#tasks = new KafkaTasks({ options, clusterId, pressure });
  }

  async open(): Promise<void> {
    await this.#producer.start();
  }

  append(entries: readonly Entry[], signal: AbortSignal): Promise<readonly Position[]> {
    return this.#producer.append(entries, signal);
  }

  run<S extends StateSchema, Report>(definition: TaskDefinition<S, Report>): Service {
    return this.#tasks.run(definition);
  }

  scan(topic: TopicName, range: ScanRange, signal: AbortSignal): AsyncIterable<readonly StoredRecord[]> {
    const { connection, telemetry, clock, schemas } = this.#options;
    const fullName = this.#topics.get(topic);
    assert(fullName !== undefined, `${topic} is in the topic table`);
    const open = async (): Promise<ClusterReader> => await openClusterReader(connection, telemetry);
    return scanTopic({ open, fullName, topic, clock, schemas, closing: this.#closing.signal }, range, signal);
  }

  view<S extends StateSchema, Report>(definition: TaskDefinition<S, Report>): readonly ReadonlyState<S>[] {
    return this.#tasks.stores(definition.name).map((stores) => committedView(definition, stores));
  }

  health(): LogHealth {
    return this.#producer.health();
  }

  async describe(signal: AbortSignal): Promise<LogDescription> {
    signal.throwIfAborted();
    if (this.#closing.signal.aborted) throw new LogError('log.closed');
    const { connection, telemetry } = this.#options;
    this.#reader ??= openClusterReader(connection, telemetry).catch((error: unknown) => {
      this.#reader = undefined;
      throw error;
    });
    const reader = await this.#reader;
    const fullNames = [...this.#topics.values()];
    const [firsts, ends] = [await reader.offsets(fullNames, 'first'), await reader.offsets(fullNames, 'high')];
    const topics = [...this.#topics].flatMap(([topic, fullName]) =>
      (ends.get(fullName) ?? []).map((end, partition) => ({
        topic,
        partition,
        first: firsts.get(fullName)?.[partition] ?? 0n,
        end,
      })),
    );
    return { topics, tasks: await this.#tasks.describe() };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#tasks[Symbol.asyncDispose]();
    this.#closing.abort(new LogError('log.closed'));
    await this.#producer.close();
    const reader = await this.#reader?.catch(() => undefined);
    await reader?.[Symbol.asyncDispose]();
    this.#options.telemetry.record('log.closed', {});
  }
}
