// A Kafka log under a prefix of its own on the broker that all tests share; its topics go with the test.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { singleObjectCodec } from '../../../../codecs/avro/record-codec.ts';
import { silentTelemetry, type Telemetry } from '../../../../runtime/contracts/telemetry.ts';
import { kafkaClient } from '../../../../runtime/log/kafka/kafka-client.ts';
import { openKafkaLog } from '../../../../runtime/log/kafka/kafka-log.ts';
import type {
  KafkaConnection,
  KafkaLayout,
  KafkaLogOptions,
  KafkaTuning,
} from '../../../../runtime/log/kafka/kafka-options.ts';
import { createTopics } from '../../../../runtime/log/kafka/topic-admin.ts';
import { expectedTopics } from '../../../../runtime/log/kafka/topic-settings.ts';
import type { TaskOutline } from '../../../../runtime/log/tasks/timer-barrier.ts';
import { randomPrefix } from '../../../kafka/broker.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import { ManualClock } from '../manual-clock.ts';

const MEBIBYTE = 1024 * 1024;

export function connectionTo(...brokers: readonly string[]): KafkaConnection {
  return {
    brokers,
    clientId: 'studybridge-test',
    rack: undefined,
    tls: undefined,
    sasl: undefined,
    connectionTimeoutMs: 2_000,
    requestTimeoutMs: 10_000,
  };
}

export function layoutOf(topicPrefix: string): KafkaLayout {
  return {
    topicPrefix,
    partitions: 2,
    replicationFactor: 1,
    minInSyncReplicas: 1,
    retentionMs: {},
    recordBytesMax: 4 * MEBIBYTE,
  };
}

export const TUNING: KafkaTuning = {
  compression: 'none',
  appendTimeoutMs: 10_000,
  transactionTimeoutMs: 15_000,
  sessionTimeoutMs: 6_000,
  rebalanceTimeoutMs: 6_000,
  heartbeatIntervalMs: 200,
  fetchStalledMs: 60_000,
};

export interface KafkaLogPlan {
  readonly brokers: readonly string[];
  readonly prefix?: string;
  readonly topology?: readonly TaskOutline[];
  /** Tasks that may run besides those of the topology: their changelogs are made. */
  readonly changelogs?: readonly string[];
  readonly layout?: Partial<KafkaLayout>;
  readonly tuning?: Partial<KafkaTuning>;
  readonly telemetry?: Telemetry;
}

export interface TemporaryKafkaLog extends LogUnderTest {
  readonly options: KafkaLogOptions;
}

export async function openTemporaryKafkaLog(plan: KafkaLogPlan): Promise<TemporaryKafkaLog> {
  const connection = connectionTo(...plan.brokers);
  const layout = { ...layoutOf(plan.prefix ?? randomPrefix()), ...plan.layout };
  const topology = plan.topology ?? [];
  const topics = expectedTopics(layout, [...topology, ...(plan.changelogs ?? []).map((name) => ({ name }))]);
  await createTopics(connection, silentTelemetry, topics);
  const cacheFolder = await mkdtemp(join(tmpdir(), 'studybridge-cache-'));
  const clock = new ManualClock();
  const fatal: Error[] = [];
  const options: KafkaLogOptions = {
    connection,
    layout,
    tuning: { ...TUNING, ...plan.tuning },
    cacheFolder,
    topology,
    codec: singleObjectCodec(),
    schemas: undefined,
    clock,
    telemetry: plan.telemetry ?? silentTelemetry,
    onFatal: (error) => fatal.push(error),
  };
  const log = await openKafkaLog(options);
  const close = async (): Promise<void> => {
    await log[Symbol.asyncDispose]();
    await deleteTopics(
      connection,
      topics.map(({ name }) => name),
    );
    await rm(cacheFolder, { recursive: true, force: true });
  };
  return { log, clock, fatal, close, options };
}

/** A broker that others use as well is to stay small. */
export async function deleteTopics(connection: KafkaConnection, topics: readonly string[]): Promise<void> {
  const admin = kafkaClient(connection, silentTelemetry).admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [...topics] }).catch(() => {
    // kafkajs asks again for what is deleted already.
  });
  await admin.disconnect();
}
