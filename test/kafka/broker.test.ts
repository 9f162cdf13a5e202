// The servers that tests lean on: shared by a run, or a test's own to hurt.
import { existsSync } from 'node:fs';
import { Kafka, logLevel } from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { kafkaBroker, ownBrokersAvailable, randomPrefix } from './broker.ts';
import { ownBroker } from './own-broker.ts';
import { schemaRegistry } from './registry.ts';

const broker = await kafkaBroker();
const registry = await schemaRegistry();
const ownBrokers = await ownBrokersAvailable();

describe.skipIf(!broker.available)('the shared broker', () => {
  test('the shared broker takes a topic and gives its offsets', async () => {
    const topic = `${randomPrefix()}probe`;
    expect(await made(broker.bootstrap, topic)).toEqual([topic, '0']);
  });
});

describe.skipIf(!registry.available)('the shared registry', () => {
  test('the shared registry lists its subjects', async () => {
    const answer = await fetch(`${registry.url}/subjects`);
    expect(Array.isArray(JSON.parse(await answer.text()))).toBe(true);
  });
});

describe.skipIf(!ownBrokers)('a broker of a test', () => {
  test('a broker of a test keeps its port and data over a kill, and leaves nothing behind', async () => {
    const own = await ownBroker();
    const { bootstrap, folder } = own;
    await made(bootstrap, 'kept');
    await own.kill();
    expect(own.running).toBe(false);
    await own.start();
    const admin = client(bootstrap).admin();
    expect(await admin.listTopics()).toContain('kept');
    await admin.disconnect();
    await own[Symbol.asyncDispose]();
    expect(existsSync(folder)).toBe(false);
  });
});

async function made(bootstrap: string, topic: string): Promise<readonly (string | undefined)[]> {
  const admin = client(bootstrap).admin();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  return [topic, offsets[0]?.offset];
}

function client(bootstrap: string): Kafka {
  return new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: { retries: 20 } });
}
