// Eight producers abort at once into one partition: what kafkajs' own consumer lets through, our reader does not.
import { type Kafka, logLevel, Kafka as PlainKafka, type Producer } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentTelemetry } from '../../../../runtime/contracts/telemetry.ts';
import { openClusterReader } from '../../../../runtime/log/kafka/cluster-reader.ts';
import { kafkaClient } from '../../../../runtime/log/kafka/kafka-client.ts';
import { kafkaBroker, randomPrefix } from '../../../kafka/broker.ts';
import { connectionTo, createTopics } from './transport-under-test.ts';

const PRODUCERS = 8;
const EACH = 10;
const broker = await kafkaBroker();

describe.skipIf(!broker.available)('aborted records', () => {
  const prefix = randomPrefix();
  const topic = `${prefix}leak`;
  let kafka: Kafka;
  let end = 0n;

  beforeAll(async () => {
    kafka = kafkaClient(connectionTo(broker.bootstrap), silentTelemetry);
    const admin = kafka.admin();
    await admin.connect();
    await createTopics(admin, [{ topic, numPartitions: 1 }]);
    await admin.disconnect();
    const producers = Array.from({ length: PRODUCERS }, (_, index) => producerOf(index));
    await Promise.all(producers.map((producer) => producer.connect()));
    await abortAtOnce(producers);
    await abortNested(producers);
    await committed(producers[0]);
    await Promise.all(producers.map((producer) => producer.disconnect()));
  });

  let reader: Awaited<ReturnType<typeof openClusterReader>> | undefined;
  afterAll(async () => {
    await reader?.[Symbol.asyncDispose]();
  });

  function producerOf(index: number): Producer {
    return kafka.producer({
      transactionalId: `${prefix}${index}`,
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: () => () => 0,
    });
  }

  async function abortAtOnce(producers: readonly Producer[]): Promise<void> {
    await Promise.all(
      producers.map(async (producer) => {
        const transaction = await producer.transaction();
        for (let index = 0; index < EACH; index += 1)
          await transaction.send({ topic, messages: [{ value: 'aborted' }] });
        await transaction.abort();
      }),
    );
  }

  /** The inner transaction ends first, so a broker names it first, although it began later. */
  async function abortNested([outer, inner]: readonly Producer[]): Promise<void> {
    const first = await outer?.transaction();
    await first?.send({ topic, messages: [{ value: 'aborted' }] });
    const second = await inner?.transaction();
    await second?.send({ topic, messages: [{ value: 'aborted' }] });
    await second?.abort();
    await first?.send({ topic, messages: [{ value: 'aborted' }] });
    await first?.abort();
  }

  async function committed(producer: Producer | undefined): Promise<void> {
    const transaction = await producer?.transaction();
    await transaction?.send({ topic, messages: [{ value: 'committed' }] });
    await transaction?.commit();
  }

  test('not one of them reaches our reader, however small its fetches are', async () => {
    reader = await openClusterReader(connectionTo(broker.bootstrap), silentTelemetry);
    for (const maxBytes of [1, 300, 1_000_000]) {
      const values: string[] = [];
      end = 0n;
      while (!values.includes('committed')) {
        const ask = [{ topic, partition: 0, offset: end, maxBytes }];
        const [answer] = await reader.fetch(ask, { maxWaitMs: 500, minBytes: 1 });
        values.push(...(answer?.records.map(({ value }) => `${value}`) ?? []));
        end = answer?.next ?? end;
      }
      expect(values).toEqual(['committed']);
    }
  });

  test("some of them reach kafkajs' own consumer: this test can fail", async () => {
    const plain = new PlainKafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING });
    const consumer = plain.consumer({ groupId: `${prefix}group`, maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const values: string[] = [];
    await new Promise<void>((resolve, reject) => {
      consumer
        .run({
          autoCommit: false,
          eachMessage: async ({ message }) => {
            values.push(`${message.value}`);
            if (`${message.value}` === 'committed') resolve();
          },
        })
        .catch(reject);
    });
    await consumer.disconnect();
    expect(values.filter((value) => value === 'aborted').length).toBeGreaterThan(0);
  });
});
