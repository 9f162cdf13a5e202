// Topics on a real broker: created, verified, mended; and what a start on wrong ones says.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentTelemetry } from '../../../../runtime/contracts/telemetry.ts';
import { kafkaClient } from '../../../../runtime/log/kafka/kafka-client.ts';
import { openKafkaLog } from '../../../../runtime/log/kafka/kafka-log.ts';
import type { KafkaLayout } from '../../../../runtime/log/kafka/kafka-options.ts';
import {
  assertTopics,
  createTopics,
  listTopics,
  repairTopics,
  verifyTopics,
} from '../../../../runtime/log/kafka/topic-admin.ts';
import { expectedTopics } from '../../../../runtime/log/kafka/topic-settings.ts';
import { TOPICS } from '../../../../schemas/topics.ts';
import { kafkaBroker, randomPrefix } from '../../../kafka/broker.ts';
import { freePort } from '../../../kafka/free-port.ts';
import { connectionTo, deleteTopics, layoutOf, openTemporaryKafkaLog } from './temporary-kafka-log.ts';

const broker = await kafkaBroker();
const DAY_MS = 86_400_000;
const TASKS = [{ name: 'tally' }, { name: 'assembly' }];

describe.skipIf(!broker.available)('topics on the cluster', () => {
  let layout: KafkaLayout;
  beforeEach(() => {
    layout = layoutOf(randomPrefix());
  });
  afterEach(async () => {
    const names = expectedTopics(layout, TASKS).map(({ name }) => name);
    await deleteTopics(connectionTo(broker.bootstrap), names);
  });

  const here = () => [connectionTo(broker.bootstrap), silentTelemetry] as const;
  const topics = (changed: Partial<KafkaLayout> = {}) => expectedTopics({ ...layout, ...changed }, TASKS);

  test('are created as they are verified: every topic of the table and a changelog for each task', async () => {
    const created = await createTopics(...here(), topics());
    const names = [...Object.keys(TOPICS), 'tally.changelog', 'assembly.changelog'];
    expect(created.toSorted()).toEqual(names.map((name) => `${layout.topicPrefix}${name}`).toSorted());
    expect(await verifyTopics(...here(), topics())).toEqual({ missing: [], differences: [] });
    expect(await createTopics(...here(), topics())).toEqual([]);
    const listed = await listTopics(...here(), topics());
    expect(listed.every(({ exists }) => exists)).toBe(true);
  });

  test('that are missing are named, and a start on them says which command creates them', async () => {
    const some = topics().filter(({ name }) => !name.includes('changelog'));
    await createTopics(...here(), some);
    expect(await verifyTopics(...here(), topics())).toEqual({
      missing: [`${layout.topicPrefix}tally.changelog`, `${layout.topicPrefix}assembly.changelog`],
      differences: [],
    });
    const starting = assertTopics(...here(), topics());
    await expect(starting).rejects.toMatchObject({ code: 'kafka.topics_missing' });
    await expect(starting).rejects.toThrow('studybridge topics create');
  });

  test('with another number of partitions, or other cleanup, keep the bridge from starting and are never altered', async () => {
    await createTopics(...here(), topics());
    const other = topics({ partitions: 3 });
    const { differences } = await verifyTopics(...here(), other);
    expect(differences).toHaveLength(other.length);
    expect(differences[0]).toMatchObject({ setting: 'partitions', expected: '3', found: '2', blocks: true });
    expect(await repairTopics(...here(), other)).toEqual([]);
    await expect(assertTopics(...here(), other)).rejects.toMatchObject({ code: 'kafka.topics_differ' });
    await expect(assertTopics(...here(), other)).rejects.toThrow('has partitions 2 instead of 3');
  });

  test('that keep records for less than configured keep the bridge from starting; for longer is told only', async () => {
    await createTopics(...here(), topics({ retentionMs: { 'hl7.messages': 10 * DAY_MS } }));
    const [difference] = (await verifyTopics(...here(), topics())).differences;
    expect(difference).toMatchObject({ setting: 'retention.ms', found: String(10 * DAY_MS), blocks: true });
    await expect(assertTopics(...here(), topics())).rejects.toMatchObject({ code: 'kafka.topics_differ' });
    const shorter = topics({ retentionMs: { 'hl7.messages': DAY_MS } });
    expect((await verifyTopics(...here(), shorter)).differences).toMatchObject([{ blocks: false, repairable: false }]);
    expect(await repairTopics(...here(), shorter)).toEqual([]);
    expect(await assertTopics(...here(), shorter)).toMatchObject({ brokers: expect.any(Number) });
  });

  test('have what may be changed mended, and keep what else was set on them', async () => {
    await createTopics(...here(), topics({ recordBytesMax: 1024 * 1024, retentionMs: { documents: DAY_MS } }));
    const documents = `${layout.topicPrefix}documents`;
    const admin = kafkaClient(...here()).admin();
    await admin.connect();
    const settings = async (): Promise<ReadonlyMap<string, string>> => {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: 2, name: documents }],
      });
      return new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]));
    };
    const before = await settings();
    const settled = await repairTopics(...here(), topics());
    expect(new Set(settled.map(({ setting }) => setting))).toEqual(new Set(['max.message.bytes', 'retention.ms']));
    expect(await verifyTopics(...here(), topics())).toEqual({ missing: [], differences: [] });
    const after = await settings();
    await admin.disconnect();
    for (const [name, value] of before) {
      if (!['max.message.bytes', 'retention.ms'].includes(name)) expect([name, after.get(name)]).toEqual([name, value]);
    }
  });
});

describe.skipIf(!broker.available)('Kafka log', () => {
  test('a start without its topics rejects with kafka.topics_missing', async () => {
    const there = await openTemporaryKafkaLog({ brokers: [broker.bootstrap] });
    const layout = { ...there.options.layout, topicPrefix: randomPrefix() };
    await expect(openKafkaLog({ ...there.options, layout })).rejects.toMatchObject({ code: 'kafka.topics_missing' });
    await there.close();
  });

  test('a start where no broker listens rejects with kafka.unreachable and names the address', async () => {
    const there = await openTemporaryKafkaLog({ brokers: [broker.bootstrap] });
    const nobody = `127.0.0.1:${await freePort()}`;
    const starting = openKafkaLog({ ...there.options, connection: connectionTo(nobody) });
    await expect(starting).rejects.toMatchObject({ code: 'kafka.unreachable' });
    await expect(starting).rejects.toThrow(nobody);
    await there.close();
  });

  test('describes every partition of every topic', async () => {
    const { log, close } = await openTemporaryKafkaLog({ brokers: [broker.bootstrap] });
    const entries = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((site) => ({
      topic: 'studies',
      key: `${site}/1`,
      partitionKey: site,
      value: Buffer.from(site),
      headers: new Map(),
    }));
    const positions = await log.append(entries, new AbortController().signal);
    expect(new Set(positions.map(({ partition }) => partition))).toEqual(new Set([0, 1]));
    const { topics } = await log.describe(new AbortController().signal);
    expect(topics).toHaveLength(2 * Object.keys(TOPICS).length);
    for (const { topic, partition, first, end } of topics) {
      const count = positions.filter((one) => one.topic === topic && one.partition === partition).length;
      expect([topic, first, end]).toEqual([topic, 0n, BigInt(count)]);
    }
    await close();
  });
});
