// The read_committed filter on batches as a broker sends them.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AbortedTransaction,
  committedBatches,
  nextOffset,
} from '../../../../runtime/log/kafka/committed-records.ts';
import type { RecordBatch } from '../../../../runtime/log/kafka/record-batches.ts';

type Written = readonly [producer: number, what: 'data' | 'plain' | 'commit' | 'abort'];

/** One batch of one offset each. */
function batchesOf(written: readonly Written[]): readonly RecordBatch[] {
  return written.map(([producer, what], index) => ({
    baseOffset: BigInt(index),
    lastOffset: BigInt(index),
    producerId: BigInt(producer),
    transactional: what !== 'plain',
    control: what === 'abort' ? 'abort' : what === 'commit' ? 'other' : 'none',
    compression: 0,
    baseTimestampMs: 0,
    appendTimestampMs: undefined,
    count: 1,
    payload: Buffer.alloc(0),
  }));
}

/** As a broker names them to a fetch from an offset: those that end at it or later, in the order in which they ended. */
function abortedOf(written: readonly Written[], from = 0): readonly AbortedTransaction[] {
  const aborted: AbortedTransaction[] = [];
  const begun = new Map<number, bigint>();
  for (const [index, [producer, what]] of written.entries()) {
    if (what === 'data' && !begun.has(producer)) begun.set(producer, BigInt(index));
    const firstOffset = begun.get(producer);
    if (what === 'abort' && firstOffset !== undefined && index >= from)
      aborted.push({ producerId: BigInt(producer), firstOffset });
    if (what === 'abort' || what === 'commit') begun.delete(producer);
  }
  return aborted;
}

/** By definition: a transactional record counts when its producer's next marker is a commit. */
function committedByDefinition(written: readonly Written[]): readonly number[] {
  return [...written.entries()]
    .filter(([index, [producer, what]]) => {
      if (what === 'plain') return true;
      const marker = written
        .slice(index)
        .find(([other, kind]) => other === producer && kind !== 'data' && kind !== 'plain');
      return what === 'data' && marker?.[1] === 'commit';
    })
    .map(([index]) => index);
}

function kept(written: readonly Written[], from = 0): readonly number[] {
  const batches = batchesOf(written).slice(from);
  return committedBatches(batches, abortedOf(written, from)).map(({ baseOffset }) => Number(baseOffset));
}

describe('committed records', () => {
  test('aborted transactions named in the order of their ends are all dropped, nested ones too', () => {
    const nested: readonly Written[] = [
      [1, 'data'],
      [2, 'data'],
      [2, 'abort'],
      [1, 'data'],
      [1, 'abort'],
      [3, 'plain'],
    ];
    expect(abortedOf(nested).map(({ producerId }) => producerId)).toEqual([2n, 1n]);
    expect(kept(nested)).toEqual([5]);
  });

  test('eight transactions that begin at once and end in reverse order leave nothing', () => {
    const producers = [1, 2, 3, 4, 5, 6, 7, 8];
    const written: readonly Written[] = [
      ...producers.map((producer): Written => [producer, 'data']),
      ...producers.toReversed().map((producer): Written => [producer, 'abort']),
    ];
    expect(kept(written)).toEqual([]);
  });

  test('a fetch that begins in the middle of several aborted transactions takes all of them up at its first batch', () => {
    const written: readonly Written[] = [
      [1, 'data'],
      [2, 'data'],
      [3, 'data'],
      [2, 'data'],
      [1, 'data'],
      [3, 'abort'],
      [1, 'abort'],
      [2, 'abort'],
    ];
    expect(kept(written, 3)).toEqual([]);
  });

  test("a producer's records after its abort marker are kept", () => {
    const written: readonly Written[] = [
      [1, 'data'],
      [1, 'abort'],
      [1, 'data'],
      [1, 'commit'],
    ];
    expect(kept(written)).toEqual([2]);
  });

  test('an aborted transaction whose first record compaction took is dropped by the batch that covers its beginning', () => {
    const [first, second] = batchesOf([
      [1, 'data'],
      [2, 'plain'],
    ]);
    if (first === undefined || second === undefined) throw new Error('two batches');
    const aborted = [{ producerId: 1n, firstOffset: 3n }];
    expect(committedBatches([{ ...first, lastOffset: 5n }, second], aborted)).toEqual([second]);
  });

  test('control batches are never records, and plain batches always are', () => {
    expect(
      kept([
        [1, 'plain'],
        [2, 'data'],
        [2, 'commit'],
      ]),
    ).toEqual([0, 1]);
  });

  test('whatever is written, exactly the committed records are kept', () => {
    const one = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom('data', 'commit', 'abort'));
    fc.assert(
      fc.property(fc.array(one, { maxLength: 40 }), fc.nat(40), (written, from) => {
        // Only what has ended is below the last stable offset; the others are ended here.
        const ended: readonly Written[] = [...written, [1, 'abort'], [2, 'commit'], [3, 'abort'], [4, 'abort']];
        expect(kept(ended, from)).toEqual(committedByDefinition(ended).filter((index) => index >= from));
      }),
      { numRuns: 2_000 },
    );
  });

  test('the next offset is beyond trailing markers, aborted records and what compaction took', () => {
    const batches = batchesOf([
      [1, 'data'],
      [1, 'abort'],
    ]);
    expect(nextOffset(batches, 0n)).toBe(2n);
    const last = batches[1];
    if (last === undefined) throw new Error('two batches');
    expect(nextOffset([{ ...last, lastOffset: 9n, count: 0 }], 3n)).toBe(10n);
    expect(nextOffset([], 7n)).toBe(7n);
    expect(nextOffset(batches, 7n)).toBe(7n);
  });
});
