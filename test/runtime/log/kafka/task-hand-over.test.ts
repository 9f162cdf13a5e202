// What becomes of a task when its owner changes, its producer is fenced, its local copy is lost.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Service } from '../../../../runtime/contracts/service.ts';
import { numberCodec } from '../../../../runtime/contracts/state-codecs.ts';
import type { TaskDefinition } from '../../../../runtime/contracts/task.ts';
import { kafkaNames } from '../../../../runtime/log/kafka/topic-names.ts';
import { kafkaBroker } from '../../../kafka/broker.ts';
import { collect, entry, signal, until, untilRead } from '../log-under-test.ts';
import { factRecorder, type RecordedFacts } from './recorded-facts.ts';
import { openTemporaryKafkaLog, type TemporaryKafkaLog } from './temporary-kafka-log.ts';

const broker = await kafkaBroker();

type Counts = { counts: number };

const counter: TaskDefinition<Counts> = {
  name: 'counter',
  inputs: ['hl7.messages', 'study.images'],
  outputs: ['studies'],
  stores: { counts: numberCodec },
  process: (record, { state, emit }) => {
    const count = (state.counts.get(record.key) ?? 0) + 1;
    state.counts.set(record.key, count);
    emit(entry('studies', record.key, String(count)));
  },
};

const PARTITIONS = 4;
/** One site a partition at least. */
const KEYS = Array.from({ length: 24 }, (_, index) => `site-${index}/study`);

describe.skipIf(!broker.available)('tasks on Kafka', () => {
  const opened: TemporaryKafkaLog[] = [];
  let facts: RecordedFacts;
  let first: TemporaryKafkaLog;
  let prefix: string;

  beforeEach(async () => {
    facts = factRecorder();
    first = await openTemporaryKafkaLog({
      brokers: [broker.bootstrap],
      changelogs: ['counter'],
      layout: { partitions: PARTITIONS },
      telemetry: facts.telemetry,
    });
    prefix = first.options.layout.topicPrefix;
    opened.push(first);
  });
  afterEach(async () => {
    for (const tested of opened.splice(0).reverse()) {
      await tested.close();
      expect(tested.fatal).toEqual([]);
    }
  });

  async function started(tested: TemporaryKafkaLog): Promise<Service> {
    const service = tested.log.run(counter);
    await service.start(signal);
    return service;
  }

  async function appendRound(rounds = 1): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      await first.log.append(
        KEYS.map((key) => entry(round % 2 === 0 ? 'hl7.messages' : 'study.images', key, 'x')),
        signal,
      );
    }
  }

  async function countsOf(key: string): Promise<readonly string[]> {
    return (await collect(first.log, 'studies')).filter(([found]) => found === key).map(([, value]) => value);
  }

  async function expectCounts(rounds: number): Promise<void> {
    const rows = await collect(first.log, 'studies');
    const expected = Array.from({ length: rounds }, (_, index) => String(index + 1));
    for (const key of KEYS) {
      expect(rows.filter(([found]) => found === key).map(([, value]) => value)).toEqual(expected);
    }
  }

  test('Invariant 2: owners that join and leave under load hand over without losing or doubling', async () => {
    await started(first);
    const second = await openTemporaryKafkaLog({
      brokers: [broker.bootstrap],
      prefix,
      changelogs: ['counter'],
      layout: { partitions: PARTITIONS },
    });
    opened.push(second);
    for (let change = 0; change < 4; change += 1) {
      await appendRound(5);
      const service = await started(second);
      await appendRound(5);
      await service.drain(signal);
    }
    await untilRead(first.log, 'counter');
    await expectCounts(40);
  });

  test('Invariant 2: an owner that is fenced commits nothing more, and opens anew from what is committed', async () => {
    await started(first);
    await appendRound(2);
    await untilRead(first.log, 'counter');
    // Somebody else begins a transaction under the ids of all partitions.
    const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING });
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const producer = kafka.producer({
        transactionalId: kafkaNames(prefix).transactionalId('counter', partition),
        idempotent: true,
        maxInFlightRequests: 1,
      });
      await producer.connect();
      await (await producer.transaction()).abort();
      await producer.disconnect();
    }
    await appendRound(3);
    await untilRead(first.log, 'counter');
    await expectCounts(5);
    expect(facts.of('kafka.commit_failed').length).toBeGreaterThan(0);
  });

  test('a state is restored from the changelog when its local copy is gone, and from the copy when it is there', async () => {
    const service = await started(first);
    await appendRound(4);
    await untilRead(first.log, 'counter');
    await service.drain(signal);
    const restoredChanges = (): number =>
      facts.of('kafka.restored').reduce((sum, { changes }) => sum + Number(changes), 0);
    const before = restoredChanges();
    await (await started(first)).drain(signal);
    const warm = restoredChanges() - before;
    for (const name of await readdir(first.options.cacheFolder)) {
      await rm(join(first.options.cacheFolder, name), { recursive: true, force: true });
    }
    await started(first);
    expect(restoredChanges() - before - warm).toBeGreaterThan(warm);
    await appendRound(1);
    await untilRead(first.log, 'counter');
    await expectCounts(5);
    expect(first.log.view(counter).flatMap(({ counts }) => [...counts.range('')])).toHaveLength(KEYS.length);
  });

  test('Invariant 3: a record on a partition where it does not belong is moved, not lost', async () => {
    await started(first);
    const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING });
    const producer = kafka.producer({
      createPartitioner: () => (args) => args.message.partition ?? 0,
    });
    await producer.connect();
    // All on every partition: one of them is right.
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const messages = [{ key: KEYS[0] ?? '', value: 'foreign', partition }];
      await producer.send({ topic: `${prefix}hl7.messages`, messages });
    }
    await producer.disconnect();
    const expected = Array.from({ length: PARTITIONS }, (_, index) => String(index + 1));
    await until(async () => (await countsOf(KEYS[0] ?? '')).length === PARTITIONS, 'all are counted');
    expect(await countsOf(KEYS[0] ?? '')).toEqual(expected);
    const moved = facts.of('kafka.rerouted').reduce((sum, { records }) => sum + Number(records), 0);
    expect(moved).toBe(PARTITIONS - 1);
  });
});
