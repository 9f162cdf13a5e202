// What the benchmarks on Kafka do to a cluster beside the bridge: topics made and filled, the lag of a group watched.
import { type Admin, type ITopicConfig, Kafka, logLevel } from 'kafkajs';
import { singleObjectCodec } from '../codecs/avro/record-codec.ts';
import { systemClock } from '../runtime/contracts/clock.ts';
import { silentTelemetry } from '../runtime/contracts/telemetry.ts';
import { groupedMessages, namedPartitioner, type PlacedMessage } from '../runtime/log/kafka/grouped-messages.ts';
import type { KafkaConnection, KafkaLayout, KafkaLogOptions, KafkaTuning } from '../runtime/log/kafka/kafka-options.ts';
import { replaceProduceEncoding } from '../runtime/log/kafka/produce-request.ts';

export const PARTITIONS = 8;

const CHUNK = 5_000;
const POLL_MS = 25;

export function kafkaFor(bootstrap: string): Kafka {
  replaceProduceEncoding();
  return new Kafka({ brokers: [bootstrap], clientId: 'studybridge-bench', logLevel: logLevel.ERROR });
}

export async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** As the bridge makes them, without their retention: nothing here lives that long. */
export function topic(name: string, cleanup: 'delete' | 'compact' = 'delete', partitions = PARTITIONS): ITopicConfig {
  const configEntries = [
    { name: 'cleanup.policy', value: cleanup },
    { name: 'max.message.bytes', value: String(50 * 1024 * 1024) },
  ];
  return { topic: name, numPartitions: partitions, replicationFactor: 1, configEntries };
}

/** Appends everything, chunk by chunk; each message names its partition. */
export async function fill(kafka: Kafka, name: string, messages: Iterable<PlacedMessage>): Promise<void> {
  const producer = kafka.producer({ idempotent: true, createPartitioner: namedPartitioner });
  await producer.connect();
  let chunk: PlacedMessage[] = [];
  const send = async (): Promise<void> => {
    await producer.send({ topic: name, acks: -1, messages: groupedMessages(chunk) });
    chunk = [];
  };
  for (const message of messages) {
    chunk.push(message);
    if (chunk.length >= CHUNK) await send();
  }
  if (chunk.length > 0) await send();
  await producer.disconnect();
}

/** Resolves when the group has committed everything that stands in the topic. */
export async function readWhole(kafka: Kafka, group: string, name: string, abandoned: AbortSignal): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    const ends = new Map((await admin.fetchTopicOffsets(name)).map(({ partition, high }) => [partition, BigInt(high)]));
    for (;;) {
      // The coordinator of a new group may still be on its way up; a group that never comes up meets the time limit.
      const [told] = await admin.fetchOffsets({ groupId: group, topics: [name] }).catch(() => []);
      const committed = new Map(told?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
      if ([...ends].every(([partition, end]) => end === 0n || (committed.get(partition) ?? -1n) >= end)) return;
      await systemClock.sleep(POLL_MS, abandoned);
    }
  });
}

/** The log as the bridge opens it, with its defaults, on one broker. */
export function benchLog(
  bootstrap: string,
  topicPrefix: string,
  cacheFolder: string,
): Omit<KafkaLogOptions, 'topology'> & { readonly connection: KafkaConnection; readonly tuning: KafkaTuning } {
  const connection: KafkaConnection = {
    brokers: [bootstrap],
    clientId: 'studybridge-bench',
    rack: undefined,
    tls: undefined,
    sasl: undefined,
    connectionTimeoutMs: 5_000,
    requestTimeoutMs: 30_000,
  };
  const layout: KafkaLayout = {
    topicPrefix,
    partitions: PARTITIONS,
    replicationFactor: 1,
    minInSyncReplicas: 1,
    retentionMs: {},
    recordBytesMax: 50 * 1024 * 1024,
  };
  const tuning: KafkaTuning = {
    compression: 'none',
    appendTimeoutMs: 10_000,
    transactionTimeoutMs: 20_000,
    sessionTimeoutMs: 6_000,
    rebalanceTimeoutMs: 6_000,
    heartbeatIntervalMs: 500,
    fetchStalledMs: 60_000,
  };
  const onFatal = (error: Error): void => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  };
  return {
    connection,
    layout,
    tuning,
    cacheFolder,
    codec: singleObjectCodec(),
    schemas: undefined,
    clock: systemClock,
    telemetry: silentTelemetry,
    onFatal,
  };
}
