// Appends to a real broker over a way that breaks.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../../runtime/contracts/clock.ts';
import type { FactFields, FactName, Telemetry } from '../../../../runtime/contracts/telemetry.ts';
import { silentTelemetry } from '../../../../runtime/contracts/telemetry.ts';
import { openClusterReader } from '../../../../runtime/log/kafka/cluster-reader.ts';
import { ProduceSession } from '../../../../runtime/log/kafka/produce-session.ts';
import { RecordProducer, type RecordProducerOptions } from '../../../../runtime/log/kafka/record-producer.ts';
import { createTopics } from '../../../../runtime/log/kafka/topic-admin.ts';
import { kafkaNames } from '../../../../runtime/log/kafka/topic-names.ts';
import { expectedTopics } from '../../../../runtime/log/kafka/topic-settings.ts';
import { IntakePressure } from '../../../../runtime/log/tasks/intake-pressure.ts';
import { kafkaBroker, randomPrefix } from '../../../kafka/broker.ts';
import { entry, signal, until } from '../log-under-test.ts';
import { type BreakableWay, breakableWay } from './breakable-way.ts';
import { connectionTo, deleteTopics, layoutOf } from './temporary-kafka-log.ts';

const broker = await kafkaBroker();
const KIBIBYTE = 1024;
const RECORD_BYTES_MAX = 64 * KIBIBYTE;

describe.skipIf(!broker.available)('record producer', () => {
  let way: BreakableWay;
  let prefix: string;
  let facts: Recorded;
  const producers: RecordProducer[] = [];

  beforeEach(async () => {
    way = await breakableWay(broker.bootstrap);
    prefix = randomPrefix();
    facts = new Recorded();
    const topics = expectedTopics({ ...layoutOf(prefix), recordBytesMax: RECORD_BYTES_MAX }, []);
    await createTopics(connectionTo(broker.bootstrap), silentTelemetry, topics);
  });

  afterEach(async () => {
    for (const producer of producers.splice(0)) await producer.close();
    await way[Symbol.asyncDispose]();
    const topics = expectedTopics(layoutOf(prefix), []).map(({ name }) => name);
    await deleteTopics(connectionTo(broker.bootstrap), topics);
  });

  async function started(options: Partial<RecordProducerOptions> = {}): Promise<RecordProducer> {
    const names = kafkaNames(prefix);
    const topics = new Map([
      ['hl7.messages', names.topic('hl7.messages')],
      ['studies', names.topic('studies')],
    ]);
    const producer = new RecordProducer({
      open: async (before) =>
        await ProduceSession.open(
          {
            connection: connectionTo(way.bootstrap),
            telemetry: silentTelemetry,
            topics: [...topics.values()],
            compression: 'none',
            replicasTimeoutMs: 5_000,
          },
          before,
        ),
      topics,
      partitions: 2,
      batchBytesMax: 4 * 1024 * KIBIBYTE,
      appendTimeoutMs: 20_000,
      clock: systemClock,
      telemetry: facts,
      pressure: new IntakePressure(systemClock),
      ...options,
    });
    producers.push(producer);
    await producer.start();
    return producer;
  }

  /** What stands in the topic, read past the way. */
  async function stored(topic: 'hl7.messages' | 'studies' = 'hl7.messages'): Promise<readonly string[]> {
    const reader = await openClusterReader(connectionTo(broker.bootstrap), silentTelemetry);
    const name = kafkaNames(prefix).topic(topic);
    const ends = (await reader.offsets([name], 'stable')).get(name) ?? [];
    const values: string[] = [];
    for (const [partition, end] of ends.entries()) {
      for (let offset = 0n; offset < end; ) {
        const asked = { topic: name, partition, offset, maxBytes: 1024 * KIBIBYTE };
        const [answer] = await reader.fetch([asked], { maxWaitMs: 100, minBytes: 1 });
        values.push(...(answer?.records ?? []).map(({ value }) => value?.toString().slice(0, 20) ?? ''));
        offset = answer?.next ?? end;
      }
    }
    await reader[Symbol.asyncDispose]();
    return values;
  }

  const one = (value: string) => [entry('hl7.messages', 'a/1', value)];

  test('what comes in one turn goes in one request, and a lone append goes alone', async () => {
    const producer = await started();
    await producer.append(one('alone'), signal);
    await Promise.all(Array.from({ length: 40 }, (_, index) => producer.append(one(`${index}`), signal)));
    expect(facts.of('log.group_committed').map(({ writes }) => writes)).toEqual([1, 40]);
    expect(await stored()).toEqual(['alone', ...Array.from({ length: 40 }, (_, index) => `${index}`)]);
  });

  test('an append larger than a request is sent in several, in its order', async () => {
    const producer = await started();
    const letters = 'x'.repeat(40 * KIBIBYTE);
    const entries = Array.from({ length: 60 }, (_, index) => entry('hl7.messages', 'a/1', `${index} ${letters}`));
    // The topic takes batches of 80 KiB only: requests are held to what the producer knows of the topic.
    const small = await started({ batchBytesMax: 70 * KIBIBYTE });
    const positions = await small.append(entries, signal);
    expect(positions.map(({ offset }) => offset)).toEqual(entries.map((_, index) => BigInt(index)));
    expect((await stored()).map((text) => Number(text.split(' ')[0]))).toEqual(entries.map((_, index) => index));
    expect(producer.heldBytes + small.heldBytes).toBe(0);
  });

  test('Invariant 1: a connection that is cut after the broker wrote is asked again; nothing is lost or doubled', async () => {
    const producer = await started();
    await producer.append(one('before'), signal);
    way.loseAnswers();
    const unanswered = producer.append(one('unanswered'), signal);
    await until(async () => (await stored()).length === 2, 'the broker has written it');
    way.open();
    const [position] = await unanswered;
    expect(position?.offset).toBe(1n);
    for (const value of ['b', 'c', 'd']) await producer.append(one(value), signal);
    expect(await stored()).toEqual(['before', 'unanswered', 'b', 'c', 'd']);
  });

  test('Invariant 1: after an append that nobody waited out, a later one is stored and not taken for its repeat', async () => {
    const producer = await started({ appendTimeoutMs: 400 });
    await producer.append(one('before'), signal);
    way.loseAnswers();
    await expect(producer.append(one('given up'), signal)).rejects.toMatchObject({ code: 'log.unavailable' });
    await until(async () => (await stored()).length === 2, 'the broker has written it');
    way.open();
    await until(() => producer.health().writable, 'the log is writable');
    await producer.append(one('later'), signal);
    expect(await stored()).toEqual(['before', 'given up', 'later']);
  });

  test('what was given up on its way does not come behind what is stored later', async () => {
    const producer = await started({ appendTimeoutMs: 400 });
    await producer.append(one('before'), signal);
    way.holdRequests();
    await expect(producer.append(one('given up'), signal)).rejects.toMatchObject({ code: 'log.unavailable' });
    way.open();
    await until(() => producer.health().writable, 'the log is writable');
    await producer.append(one('later'), signal);
    await way.deliverHeld();
    expect(await stored()).toEqual(['before', 'later']);
  });

  test('Invariant 7: while no broker answers, appends are refused in time, what is held stays bounded, and it heals', async () => {
    const producer = await started({ appendTimeoutMs: 600, inFlightEntriesMax: 10, inFlightBytesMax: 100 * KIBIBYTE });
    way.close();
    const begunMs = performance.now();
    const letters = 'x'.repeat(20 * KIBIBYTE);
    const refusals = await Promise.allSettled(
      Array.from({ length: 200 }, (_, index) => {
        const appending = producer.append(one(`lost ${index} ${letters}`), signal);
        expect(producer.heldBytes).toBeLessThanOrEqual(100 * KIBIBYTE);
        return appending;
      }),
    );
    expect(performance.now() - begunMs).toBeLessThan(3_000);
    for (const refusal of refusals) expect(refusal).toMatchObject({ reason: { code: 'log.unavailable' } });
    expect(producer.health()).toEqual({ writable: false, code: 'log.unavailable' });
    expect(facts.of('kafka.append_failed').reduce((sum, { entries }) => sum + entries, 0)).toBe(200);
    await until(() => producer.heldBytes === 0, 'nothing is held');
    way.open();
    await until(() => producer.health().writable, 'the log is writable');
    await producer.append(one('healed'), signal);
    expect(await stored()).toEqual(['healed']);
  });

  test('a record that the topic is too small for is refused alone; its neighbours are stored once, in order', async () => {
    const producer = await started();
    const large = randomBytes(100 * KIBIBYTE).toString('base64');
    const values = Array.from({ length: 21 }, (_, index) => (index === 13 ? `${index} ${large}` : `${index}`));
    const appends = values.map((value) =>
      producer.append([entry('studies', 'a/1', `s${value}`.slice(0, 10)), ...one(value)], signal),
    );
    const outcomes = await Promise.allSettled(appends);
    for (const [index, outcome] of outcomes.entries()) {
      if (index !== 13) expect(outcome.status).toBe('fulfilled');
      else expect(outcome).toMatchObject({ reason: { code: 'log.record_refused', refused: new Set([1]) } });
    }
    const others = values.filter((_, index) => index !== 13);
    expect(await stored()).toEqual(others);
    expect(await stored('studies')).toHaveLength(21);
    expect(producer.health()).toEqual({ writable: true });
  });

  test('a record that no topic takes is refused without being sent; the others of its append are stored', async () => {
    const producer = await started({ batchBytesMax: RECORD_BYTES_MAX });
    const large = 'x'.repeat(RECORD_BYTES_MAX);
    await expect(producer.append(one(large), signal)).rejects.toMatchObject({ refused: new Set([0]) });
    await expect(producer.append([...one('a'), ...one(large), ...one('c')], signal)).rejects.toMatchObject({
      code: 'log.record_refused',
      refused: new Set([1]),
    });
    expect(await stored()).toEqual(['a', 'c']);
    expect(producer.heldBytes).toBe(0);
  });

  test('an append that is withdrawn while it waits is not sent', async () => {
    const producer = await started();
    await producer.append(one('before'), signal);
    way.loseAnswers();
    const first = producer.append(one('first'), signal);
    await until(async () => (await stored()).length === 2, 'the first is on its way');
    const withdrawn = new AbortController();
    const waiting = producer.append(one('withdrawn'), withdrawn.signal);
    withdrawn.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    way.open();
    await first;
    await producer.append(one('last'), signal);
    expect(await stored()).toEqual(['before', 'first', 'last']);
    expect(producer.heldBytes).toBe(0);
  });

  test('a closed producer has stored what was appended, and refuses what comes', async () => {
    const producer = await started();
    const appends = Array.from({ length: 30 }, (_, index) => producer.append(one(`${index}`), signal));
    await producer.close();
    await Promise.all(appends);
    await expect(producer.append(one('late'), signal)).rejects.toMatchObject({ code: 'log.closed' });
    expect(await stored()).toHaveLength(30);
  });
});

/** Keeps the facts that a test asks for. */
class Recorded implements Telemetry {
  readonly #facts: (readonly [name: FactName, fields: unknown])[] = [];

  record<Name extends FactName>(name: Name, fields: FactFields<Name>): void {
    this.#facts.push([name, fields]);
  }

  gauge(): () => void {
    return () => {};
  }

  of<Name extends FactName>(name: Name): readonly FactFields<Name>[] {
    const isOf = (fact: readonly [FactName, unknown]): fact is readonly [Name, FactFields<Name>] => fact[0] === name;
    return this.#facts.filter(isOf).map(([, fields]) => fields);
  }
}
