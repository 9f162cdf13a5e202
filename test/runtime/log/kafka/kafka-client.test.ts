// The client library: its timers, its log lines, its errors.
import { Kafka, KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded, logLevel } from 'kafkajs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Telemetry } from '../../../../runtime/contracts/telemetry.ts';
import { kafkaClient, kafkaErrorCode } from '../../../../runtime/log/kafka/kafka-client.ts';
import { protocolError } from '../../../../runtime/log/kafka/kafkajs-internals.ts';
import { kafkaBroker } from '../../../kafka/broker.ts';
import { freePort } from '../../../kafka/free-port.ts';
import { connectionTo } from './transport-under-test.ts';

const broker = await kafkaBroker();

afterEach(() => {
  vi.restoreAllMocks();
});

function noting(): { readonly telemetry: Telemetry; readonly facts: (readonly [string, unknown])[] } {
  const facts: (readonly [string, unknown])[] = [];
  return { facts, telemetry: { record: (name, fields) => facts.push([name, fields]), gauge: () => () => {} } };
}

/** How many timers with a negative delay a connection arms in a quarter of a second of rest. */
async function negativeTimers(kafka: Kafka): Promise<number> {
  const armed = vi.spyOn(globalThis, 'setTimeout');
  const admin = kafka.admin();
  await admin.connect();
  await admin.listTopics();
  await new Promise((resolve) => setImmediate(resolve));
  const until = performance.now() + 250;
  while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
  await admin.disconnect();
  return armed.mock.calls.filter(([, delayMs]) => delayMs !== undefined && delayMs < 0).length;
}

describe.skipIf(!broker.available)('the timer of the request queue', () => {
  // In this order: the cure is for the whole process.
  test('kafkajs alone wakes the process again and again with negative delays: the next test can fail', async () => {
    expect(
      await negativeTimers(new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING })),
    ).toBeGreaterThan(20);
  });

  test('our client arms none', async () => {
    expect(await negativeTimers(kafkaClient(connectionTo(broker.bootstrap), noting().telemetry))).toBe(0);
  });

  test('requests beyond those allowed in flight are still sent in their turn', async () => {
    const producer = kafkaClient(connectionTo(broker.bootstrap), noting().telemetry).admin();
    await producer.connect();
    expect((await Promise.all(Array.from({ length: 20 }, () => producer.listTopics()))).length).toBe(20);
    await producer.disconnect();
  });
});

test('kafka client: a broker that refuses connections is a fact with a code, without its address', async () => {
  const { telemetry, facts } = noting();
  const port = await freePort();
  const admin = kafkaClient(connectionTo(`127.0.0.1:${port}`), telemetry).admin({ retry: { retries: 0 } });
  await expect(admin.connect()).rejects.toSatisfy((error) => kafkaErrorCode(error) === 'ECONNREFUSED');
  expect(facts).toContainEqual(['kafka.client_warned', { namespace: 'Connection', code: 'ECONNREFUSED' }]);
  expect(JSON.stringify(facts)).not.toContain(String(port));
});

test('kafka client: a producer without a partitioner draws no notice', () => {
  const { telemetry, facts } = noting();
  kafkaClient(connectionTo('127.0.0.1:1'), telemetry).producer();
  expect(facts).toEqual([]);
});

test("kafka error code: the protocol's name, behind wrappers too; else a system error; else the innermost name", () => {
  const fenced = protocolError(47);
  expect(kafkaErrorCode(fenced)).toBe('INVALID_PRODUCER_EPOCH');
  expect(kafkaErrorCode(new KafkaJSNumberOfRetriesExceeded(fenced, { retryCount: 1, retryTime: 1 }))).toBe(
    'INVALID_PRODUCER_EPOCH',
  );
  expect(kafkaErrorCode(Object.assign(new KafkaJSConnectionError('x'), { code: 'ECONNRESET' }))).toBe('ECONNRESET');
  expect(kafkaErrorCode(new KafkaJSConnectionError('x'))).toBe('KafkaJSConnectionError');
  expect(kafkaErrorCode('text of a patient')).toBe('Unknown');
  expect(kafkaErrorCode(Object.assign(new Error('x'), { type: 'text of a patient' }))).toBe('Error');
});
