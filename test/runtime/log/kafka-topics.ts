// Topics on a real broker for one test, and everything that is committed in them.
import type { Telemetry } from '../../../runtime/contracts/telemetry.ts';
import { silentTelemetry } from '../../../runtime/contracts/telemetry.ts';
import { type ClusterReader, openClusterReader } from '../../../runtime/log/kafka/cluster-reader.ts';
import { kafkaClient } from '../../../runtime/log/kafka/kafka-client.ts';
import type { KafkaConnection, KafkaLayout, KafkaTuning } from '../../../runtime/log/kafka/kafka-options.ts';
import { kafkaNames } from '../../../runtime/log/kafka/topic-names.ts';
import { TOPICS } from '../../../schemas/topics.ts';
import { until } from './log-under-test.ts';

export interface KafkaSite {
  readonly connection: KafkaConnection;
  readonly layout: KafkaLayout;
  readonly tuning: KafkaTuning;
}

export function kafkaSite(bootstrap: string, topicPrefix: string, partitions = 3): KafkaSite {
  return {
    connection: {
      brokers: [bootstrap],
      clientId: 'studybridge-test',
      rack: undefined,
      tls: undefined,
      sasl: undefined,
      connectionTimeoutMs: 2_000,
      requestTimeoutMs: 10_000,
    },
    layout: {
      topicPrefix,
      partitions,
      replicationFactor: 1,
      minInSyncReplicas: 1,
      retentionMs: {},
      recordBytesMax: 32 * 1024 * 1024,
    },
    tuning: {
      compression: 'lz4',
      appendTimeoutMs: 10_000,
      transactionTimeoutMs: 15_000,
      sessionTimeoutMs: 6_000,
      rebalanceTimeoutMs: 6_000,
      heartbeatIntervalMs: 500,
      fetchStalledMs: 30_000,
    },
  };
}

/** Every topic, and the changelogs of the spool and of these tasks. */
export async function createTopics(
  { connection, layout }: KafkaSite,
  tasks: readonly string[],
  config: Readonly<Record<string, string>> = {},
): Promise<void> {
  const names = kafkaNames(layout.topicPrefix);
  const admin = kafkaClient(connection, silentTelemetry).admin();
  const configEntries = { 'max.message.bytes': String(layout.recordBytesMax), ...config };
  const ordinary = Object.keys(TOPICS).map((name) => ({ topic: names.topic(name), config: configEntries }));
  const compacted = ['spool', ...tasks].map((task) => ({
    topic: names.changelog(task),
    config: { ...configEntries, 'cleanup.policy': 'compact' },
  }));
  await admin.connect();
  await admin.createTopics({
    // Asked for at once, a new topic may not be known yet to the broker that answers.
    waitForLeaders: false,
    topics: [...ordinary, ...compacted].map(({ topic, config: entries }) => ({
      topic,
      numPartitions: layout.partitions,
      replicationFactor: layout.replicationFactor,
      configEntries: Object.entries(entries).map(([name, value]) => ({ name, value })),
    })),
  });
  const wanted = [...ordinary, ...compacted].map(({ topic }) => topic);
  const reader = await openClusterReader(connection, silentTelemetry);
  const ready = async (): Promise<boolean> => {
    try {
      const ends = await reader.offsets(wanted, 'high');
      return wanted.every((topic) => ends.get(topic)?.length === layout.partitions);
    } catch {
      // The leaders of new topics are not known at once.
      return false;
    }
  };
  await until(ready, 'the topics have leaders');
  await reader[Symbol.asyncDispose]();
  await admin.disconnect();
}

export async function deleteTopics({ connection, layout }: KafkaSite): Promise<void> {
  const admin = kafkaClient(connection, silentTelemetry).admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(layout.topicPrefix));
  if (topics.length > 0) await admin.deleteTopics({ topics });
  await admin.disconnect();
}

export interface CommittedRecord {
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly key: string;
  readonly value: string | null;
  readonly bytes: Buffer | null;
  readonly headers: ReadonlyMap<string, string>;
}

/** By partition, then by offset. `topic` with the prefix. */
export async function committedRecords(site: KafkaSite, topic: string): Promise<readonly CommittedRecord[]> {
  const reader = await openClusterReader(site.connection, silentTelemetry);
  try {
    return await readAll(reader, topic);
  } finally {
    await reader[Symbol.asyncDispose]();
  }
}

async function readAll(reader: ClusterReader, topic: string): Promise<readonly CommittedRecord[]> {
  const found: CommittedRecord[] = [];
  const first = (await reader.offsets([topic], 'first')).get(topic) ?? [];
  const ends = (await reader.offsets([topic], 'high')).get(topic) ?? [];
  for (const [partition, end] of ends.entries()) {
    for (let offset = first[partition] ?? 0n; offset < end; ) {
      const wanted = { topic, partition, offset, maxBytes: 1024 * 1024 };
      const [answer] = await reader.fetch([wanted], { maxWaitMs: 200, minBytes: 1 });
      for (const { key, value, ...record } of answer?.records ?? []) {
        found.push({
          partition,
          offset: record.offset,
          timestampMs: record.timestampMs,
          key: key?.toString() ?? '',
          value: value?.toString() ?? null,
          bytes: value,
          headers: record.headers,
        });
      }
      offset = answer?.next ?? offset;
    }
  }
  return found;
}

export interface RecordedFact {
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function listeningTelemetry(): { readonly telemetry: Telemetry; readonly facts: RecordedFact[] } {
  const facts: RecordedFact[] = [];
  return { facts, telemetry: { record: (name, fields) => facts.push({ name, fields }), gauge: () => () => {} } };
}
