// Reading a real cluster outside any group.
import { CompressionTypes, type Producer } from 'kafkajs';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { silentTelemetry } from '../../../../runtime/contracts/telemetry.ts';
import {
  type ClusterReader,
  type FetchedRecord,
  openClusterReader,
} from '../../../../runtime/log/kafka/cluster-reader.ts';
import { kafkaClient } from '../../../../runtime/log/kafka/kafka-client.ts';
import { kafkaBroker, randomPrefix } from '../../../kafka/broker.ts';
import { connectionTo, createTopics, NO_WAIT } from './transport-under-test.ts';

const broker = await kafkaBroker();

describe.skipIf(!broker.available)('cluster reader', () => {
  const connection = connectionTo(broker.available ? broker.bootstrap : '');
  const prefix = randomPrefix();
  const kafka = kafkaClient(connection, silentTelemetry);
  const admin = kafka.admin();
  const readers: ClusterReader[] = [];
  const connected = admin.connect();
  let topics = 0;
  /** Recent, or the broker's retention takes the records. */
  const firstMs = Date.now() - 60_000;

  afterEach(async () => {
    for (const reader of readers.splice(0)) await reader[Symbol.asyncDispose]();
  });
  afterAll(async () => {
    await admin.disconnect();
  });

  async function topicOf(partitions: number, config: Record<string, string> = {}): Promise<string> {
    await connected;
    topics += 1;
    const topic = `${prefix}${topics}`;
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    await createTopics(admin, [{ topic, numPartitions: partitions, configEntries }]);
    return topic;
  }

  async function opened(): Promise<ClusterReader> {
    const reader = await openClusterReader(connection, silentTelemetry);
    readers.push(reader);
    return reader;
  }

  async function produce(
    topic: string,
    values: readonly (string | Buffer)[],
    compression = CompressionTypes.None,
  ): Promise<void> {
    const producer = kafka.producer({ createPartitioner: () => () => 0 });
    await producer.connect();
    await producer.send({
      topic,
      acks: -1,
      compression,
      messages: values.map((value, index) => ({
        key: `key ${index}`,
        value,
        headers: { site: 'north', schema: 'Grüße' },
        timestamp: String(firstMs + index),
      })),
    });
    await producer.disconnect();
  }

  function transactional(topic: string): Producer {
    return kafka.producer({
      transactionalId: `${topic}.tx`,
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: () => () => 0,
    });
  }

  async function all(reader: ClusterReader, topic: string, maxBytes: number, end: bigint): Promise<FetchedRecord[]> {
    const records: FetchedRecord[] = [];
    for (let offset = 0n; offset < end; ) {
      const [answer] = await reader.fetch([{ topic, partition: 0, offset, maxBytes }], {
        maxWaitMs: 1_000,
        minBytes: 1,
      });
      if (answer === undefined) throw new Error('no answer');
      records.push(...answer.records);
      offset = answer.next;
    }
    return records;
  }

  test('an empty partition answers with nothing and its own offset', async () => {
    const topic = await topicOf(1);
    const reader = await opened();
    expect(await reader.fetch([{ topic, partition: 0, offset: 0n, maxBytes: 1_000 }], NO_WAIT)).toEqual([
      {
        topic,
        partition: 0,
        records: [],
        next: 0n,
        bytes: 0,
        lastStableOffset: 0n,
        highWatermark: 0n,
        outOfRange: false,
      },
    ]);
  });

  test('keys, values, headers and times come as they were written, none below the offset asked for', async () => {
    const topic = await topicOf(1);
    await produce(topic, ['a', 'b', 'c']);
    const reader = await opened();
    const [answer] = await reader.fetch([{ topic, partition: 0, offset: 1n, maxBytes: 10_000 }], NO_WAIT);
    expect(
      answer?.records.map(({ offset, key, value, timestampMs }) => [offset, `${key}`, `${value}`, timestampMs]),
    ).toEqual([
      [1n, 'key 1', 'b', firstMs + 1],
      [2n, 'key 2', 'c', firstMs + 2],
    ]);
    expect(answer?.records[0]?.headers).toEqual(
      new Map([
        ['site', 'north'],
        ['schema', 'Grüße'],
      ]),
    );
    expect(answer).toMatchObject({ next: 3n, lastStableOffset: 3n, highWatermark: 3n, outOfRange: false });
  });

  test.each(['GZIP', 'Snappy', 'LZ4', 'ZSTD'] as const)('what we write with %s is read back', async (name) => {
    const topic = await topicOf(1);
    const values = Array.from({ length: 500 }, (_, index) => `value ${index} `.repeat(index % 40));
    await produce(topic, values, CompressionTypes[name]);
    const records = await all(await opened(), topic, 1_000, 500n);
    expect(records.map(({ value }) => `${value}`)).toEqual(values);
  });

  test('a batch larger than the limit is brought nevertheless, also when another partition comes first', async () => {
    const topic = await topicOf(2, { 'max.message.bytes': '8000000' });
    const large = Buffer.alloc(4_000_000, 'x');
    await produce(topic, ['small']);
    await produce(topic, [large]);
    const reader = await opened();
    expect((await all(reader, topic, 100, 2n)).map(({ value }) => value?.length)).toEqual([5, 4_000_000]);
  });

  test('an offset beyond the end and one before the beginning are out of range, and the ends are told', async () => {
    const topic = await topicOf(2);
    await produce(topic, ['a', 'b', 'c']);
    // kafkajs looks for the leader before it has asked for the topic.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
    const reader = await opened();
    for (const offset of [0n, 9n]) {
      const answers = await reader.fetch(
        [
          { topic, partition: 0, offset, maxBytes: 1_000 },
          { topic, partition: 1, offset: 0n, maxBytes: 1_000 },
        ],
        NO_WAIT,
      );
      expect(answers.find(({ partition }) => partition === 0)).toMatchObject({
        outOfRange: true,
        records: [],
        next: offset,
        lastStableOffset: 3n,
        highWatermark: 3n,
      });
      expect(answers.find(({ partition }) => partition === 1)).toMatchObject({ outOfRange: false, next: 0n });
    }
    expect(await reader.offsets([topic], 'first')).toEqual(new Map([[topic, [2n, 0n]]]));
  });

  test('an open transaction holds the stable end, not the high one, and its records are not read', async () => {
    const topic = await topicOf(1);
    await produce(topic, ['before']);
    const producer = transactional(topic);
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: 'open' }] });
    const reader = await opened();
    expect((await reader.offsets([topic], 'stable')).get(topic)).toEqual([1n]);
    expect((await reader.offsets([topic], 'high')).get(topic)).toEqual([2n]);
    const ask = [{ topic, partition: 0, offset: 0n, maxBytes: 1_000 }];
    const [during] = await reader.fetch(ask, NO_WAIT);
    expect(during).toMatchObject({ next: 1n, lastStableOffset: 1n, highWatermark: 2n });
    await transaction.abort();
    await expect.poll(async () => (await reader.offsets([topic], 'stable')).get(topic)).toEqual([3n]);
    const [after] = await reader.fetch(ask, NO_WAIT);
    expect(after?.records.map(({ value }) => `${value}`)).toEqual(['before']);
    expect(after?.next).toBe(3n);
    await producer.disconnect();
  });

  test('offsets by time are the first at or after it, and the end where there is none', async () => {
    const topic = await topicOf(2);
    await produce(topic, ['a', 'b', 'c']);
    const reader = await opened();
    expect(await reader.offsetsAt(topic, firstMs + 1)).toEqual([1n, 0n]);
    expect(await reader.offsetsAt(topic, firstMs + 5_000)).toEqual([3n, 0n]);
  });

  test("a group's positions are told, and -1 where it has none", async () => {
    const topic = await topicOf(2);
    await produce(topic, ['a', 'b']);
    const producer = transactional(topic);
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.sendOffsets({
      consumerGroupId: `${topic}.group`,
      topics: [{ topic, partitions: [{ partition: 0, offset: '2' }] }],
    });
    await transaction.commit();
    await producer.disconnect();
    const reader = await opened();
    // The marker reaches the group's partition a little after the commit.
    await expect
      .poll(async () => (await reader.groupPositions(`${topic}.group`, [topic])).get(topic))
      .toEqual([2n, -1n]);
    expect(await reader.groupPositions(`${topic}.nobody`, [topic])).toEqual(new Map([[topic, [-1n, -1n]]]));
  });

  test('the cluster has an id', async () => {
    const reader = await opened();
    expect(await reader.clusterId()).toMatch(/^[\w-]{10,}$/);
  });

  test('a topic that does not exist is an error of that name, and the reader goes on', async () => {
    const topic = await topicOf(1);
    const reader = await opened();
    const ask = [{ topic: `${prefix}missing`, partition: 0, offset: 0n, maxBytes: 1_000 }];
    await expect(reader.fetch(ask, NO_WAIT)).rejects.toMatchObject({ type: 'UNKNOWN_TOPIC_OR_PARTITION' });
    expect(await reader.offsets([topic], 'high')).toEqual(new Map([[topic, [0n]]]));
  });

  test('a long poll ends at once when the reader is disposed of', async () => {
    const topic = await topicOf(1);
    const reader = await opened();
    const ask = [{ topic, partition: 0, offset: 0n, maxBytes: 1_000 }];
    await reader.fetch(ask, NO_WAIT);
    const waiting = reader.fetch(ask, { maxWaitMs: 30_000, minBytes: 1 });
    const refused = expect(waiting).rejects.toMatchObject({ code: 'log.closed' });
    const beforeMs = performance.now();
    await new Promise((resolve) => setImmediate(resolve));
    await reader[Symbol.asyncDispose]();
    await refused;
    expect(performance.now() - beforeMs).toBeLessThan(1_000);
    await expect(reader.fetch(ask, NO_WAIT)).rejects.toMatchObject({ code: 'log.closed' });
  });

  test('a long poll answers as soon as something is written', async () => {
    const topic = await topicOf(1);
    const reader = await opened();
    const ask = [{ topic, partition: 0, offset: 0n, maxBytes: 1_000 }];
    const waiting = reader.fetch(ask, { maxWaitMs: 30_000, minBytes: 1 });
    await produce(topic, ['now']);
    expect((await waiting)[0]?.records.map(({ value }) => `${value}`)).toEqual(['now']);
  });
});
