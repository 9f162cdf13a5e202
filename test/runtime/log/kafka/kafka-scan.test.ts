// Scans of a real topic over several partitions.
import { describe, expect, test } from 'vitest';
import type { StoredRecord } from '../../../../runtime/contracts/record-log.ts';
import { openKafkaLog } from '../../../../runtime/log/kafka/kafka-log.ts';
import { kafkaBroker } from '../../../kafka/broker.ts';
import { entry, signal, text } from '../log-under-test.ts';
import { openTemporaryKafkaLog } from './temporary-kafka-log.ts';

const broker = await kafkaBroker();
const SITES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

describe.skipIf(!broker.available)('Kafka scan', () => {
  test('reads every partition, each chunk of one and in the order of its offsets, and waits for schemas', async () => {
    const there = await openTemporaryKafkaLog({ brokers: [broker.bootstrap], layout: { partitions: 5 } });
    const entries = Array.from({ length: 1_000 }, (_, index) =>
      entry('studies', `${SITES[index % SITES.length] ?? 'a'}/${index}`, String(index)),
    );
    await there.log.append(entries, signal);
    let asked = 0;
    const learn = (): Promise<void> | undefined => {
      asked += 1;
      // The registry is away at first.
      if (asked === 1) return Promise.reject(new Error('away'));
      return asked % 2 === 0 ? Promise.resolve() : undefined;
    };
    const reading = await openKafkaLog({ ...there.options, schemas: { learn } });
    const seen: StoredRecord[] = [];
    for await (const chunk of reading.scan('studies', {}, signal)) {
      expect(new Set(chunk.map(({ position }) => position.partition)).size).toBe(1);
      expect(chunk.length).toBeLessThanOrEqual(256);
      seen.push(...chunk);
    }
    for (let partition = 0; partition < 5; partition += 1) {
      const records = seen.filter(({ position }) => position.partition === partition);
      expect(records.map(({ position }) => Number(position.offset))).toEqual(records.map((_, index) => index));
    }
    expect(seen.map(({ value }) => Number(text(value))).toSorted((one, other) => one - other)).toEqual(
      entries.map((_, index) => index),
    );
    expect(asked).toBeGreaterThan(1_000);
    await reading[Symbol.asyncDispose]();
    await there.close();
  });

  test('an offset beyond the end finds nothing, and a following one waits for it', async () => {
    const { log, close } = await openTemporaryKafkaLog({ brokers: [broker.bootstrap], layout: { partitions: 1 } });
    await log.append([entry('studies', 'a/1', '0')], signal);
    for await (const chunk of log.scan('studies', { fromOffset: 3n }, signal)) expect(chunk).toEqual([]);
    const stop = new AbortController();
    const following = log.scan('studies', { fromOffset: 3n, follow: true }, stop.signal)[Symbol.asyncIterator]();
    const first = following.next();
    for (const value of ['1', '2', '3']) await log.append([entry('studies', 'a/1', value)], signal);
    expect((await first).value?.map((record: StoredRecord) => record.position.offset)).toEqual([3n]);
    stop.abort(new Error('enough'));
    await expect(following.next()).rejects.toThrow('enough');
    await close();
  });

  test('a scan of a log that is closed meanwhile says log.closed', async () => {
    const { log, close } = await openTemporaryKafkaLog({ brokers: [broker.bootstrap] });
    const following = log.scan('studies', { follow: true }, signal)[Symbol.asyncIterator]();
    const next = following.next();
    const refused = expect(next).rejects.toMatchObject({ code: 'log.closed' });
    await log.append([entry('hl7.messages', 'a/1', 'x')], signal);
    await close();
    await refused;
  });
});
