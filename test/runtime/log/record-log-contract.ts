// What every log promises to those who append and scan. Run by one test file an implementation.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StoredRecord } from '../../../runtime/contracts/record-log.ts';
import { collect, entry, type LogUnderTest, type OpenLog, signal, text, until, valuesOf } from './log-under-test.ts';

export function recordLogContract(name: string, open: OpenLog): void {
  describe(`${name}: appending and scanning`, () => {
    let tested: LogUnderTest;
    beforeEach(async () => {
      tested = await open();
    });
    afterEach(async () => {
      await tested.close();
    });

    test('an append resolves with one position an entry, consecutive in the partition', async () => {
      const entries = [
        entry('hl7.messages', 'a/1', 'x'),
        entry('hl7.messages', 'a/2', 'y'),
        entry('hl7.messages', 'a/3', 'z'),
      ];
      const positions = await tested.log.append(entries, signal);
      expect(positions.map(({ topic }) => topic)).toEqual(['hl7.messages', 'hl7.messages', 'hl7.messages']);
      const [first] = positions;
      expect(positions.map(({ offset }) => offset - (first?.offset ?? 0n))).toEqual([0n, 1n, 2n]);
      expect(new Set(positions.map(({ partition }) => partition)).size).toBe(1);
    });

    test('a scan gives back key, partition key, headers, value, position and time', async () => {
      const headers = new Map([
        ['schema', 'S:1'],
        ['site', 'a'],
        ['trace', '00ff'],
        ['x-other', '值'],
      ]);
      const value = Buffer.from([0, 255, 1]);
      const appended = { topic: 'hl7.messages', key: 'a/患者', partitionKey: 'a', value, headers };
      const [position] = await tested.log.append([appended], signal);
      const [record] = await records();
      expect(record).toMatchObject({
        key: 'a/患者',
        partitionKey: 'a',
        position,
        appendedAtMs: tested.clock.nowMs(),
      });
      expect(record?.headers).toEqual(headers);
      expect(Buffer.from(record?.value ?? []).equals(value)).toBe(true);
    });

    test('a record without a value stays without one, and an empty value stays empty', async () => {
      await tested.log.append([entry('hl7.messages', 'a/1', null), entry('hl7.messages', 'a/2', '')], signal);
      expect(await collect(tested.log, 'hl7.messages')).toEqual([
        ['a/1', '(null)'],
        ['a/2', ''],
      ]);
    });

    test('entries of one partition key are scanned in the order in which they were appended', async () => {
      for (let index = 0; index < 300; index += 1) {
        await tested.log.append([entry('hl7.messages', 'a/1', String(index))], signal);
      }
      const values = (await collect(tested.log, 'hl7.messages')).map(([, value]) => Number(value));
      expect(values).toEqual(Array.from({ length: 300 }, (_, index) => index));
    });

    test('a scan begins at the offset and within the times asked for', async () => {
      const startMs = tested.clock.nowMs();
      const offsets: bigint[] = [];
      for (let index = 0; index < 40; index += 1) {
        const [position] = await tested.log.append([entry('hl7.messages', 'a/1', String(index))], signal);
        if (position !== undefined) offsets.push(position.offset);
        tested.clock.advance(10);
      }
      const values = async (range: Parameters<typeof tested.log.scan>[1]): Promise<readonly number[]> =>
        (await records(range)).map(({ value }) => Number(text(value)));
      expect(await values({ fromOffset: offsets[35] ?? 0n })).toEqual([35, 36, 37, 38, 39]);
      expect(await values({ fromMs: startMs + 370 })).toEqual([37, 38, 39]);
      expect(await values({ throughMs: startMs + 20 })).toEqual([0, 1, 2]);
      expect(await values({ fromMs: startMs + 101, throughMs: startMs + 130 })).toEqual([11, 12, 13]);
      expect(await values({ fromMs: startMs + 100_000 })).toEqual([]);
    });

    test('a following scan goes on with what is appended later, until its signal aborts', async () => {
      const stop = new AbortController();
      const seen: string[] = [];
      const following = (async () => {
        for await (const chunk of tested.log.scan('hl7.messages', { follow: true }, stop.signal)) {
          seen.push(...chunk.map(({ value }) => text(value)));
        }
      })();
      for (const value of ['1', '2', '3']) {
        await tested.log.append([entry('hl7.messages', 'a/1', value)], signal);
        await until(() => seen.includes(value), `${value} is seen`);
      }
      stop.abort();
      await expect(following).rejects.toThrow();
      expect(seen).toEqual(['1', '2', '3']);
    });

    test('an append whose signal has aborted stores nothing', async () => {
      await expect(tested.log.append([entry('hl7.messages', 'a/1', 'x')], AbortSignal.abort())).rejects.toThrow();
      expect(await collect(tested.log, 'hl7.messages')).toEqual([]);
    });

    test('topics do not mix', async () => {
      await tested.log.append([entry('hl7.messages', 'a/1', 'm'), entry('studies', 'a/1', 's')], signal);
      expect(await valuesOf(tested.log, 'hl7.messages', 'a/1')).toEqual(['m']);
      expect(await valuesOf(tested.log, 'studies', 'a/1')).toEqual(['s']);
    });

    test('an unknown topic is a fault of the program, and hinders nothing else', async () => {
      await expect(
        tested.log.append([{ ...entry('studies', 'a/1', 'x'), topic: 'nowhere' }], signal),
      ).rejects.toThrow();
      await tested.log.append([entry('studies', 'a/1', 'y')], signal);
      expect(await valuesOf(tested.log, 'studies', 'a/1')).toEqual(['y']);
    });

    test('a closed log refuses with log.closed and says so in its health', async () => {
      expect(tested.log.health()).toEqual({ writable: true });
      await tested.log[Symbol.asyncDispose]();
      await tested.log[Symbol.asyncDispose]();
      expect(tested.log.health()).toEqual({ writable: false, code: 'log.closed' });
      await expect(tested.log.append([entry('studies', 'a/1', 'x')], signal)).rejects.toMatchObject({
        code: 'log.closed',
      });
    });

    async function records(range: Parameters<typeof tested.log.scan>[1] = {}): Promise<readonly StoredRecord[]> {
      const found: StoredRecord[] = [];
      for await (const chunk of tested.log.scan('hl7.messages', range, signal)) found.push(...chunk);
      return found;
    }
  });
}
