// Record batches: the checksum, and bytes that are not what the protocol says.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32c } from '../../../../runtime/log/kafka/crc32c.ts';
import { recordBatch } from '../../../../runtime/log/kafka/record-batch-writer.ts';
import { decodeRecords, type RecordBatch, splitBatches } from '../../../../runtime/log/kafka/record-batches.ts';

const FRAME = {
  transactional: false,
  producerId: -1n,
  producerEpoch: -1,
  firstSequence: -1,
  nowMs: 1_790_000_000_000,
  compression: 0,
  compress: async (bytes: Buffer) => bytes,
} as const;

const message = fc.record({
  key: fc.option(fc.uint8Array({ maxLength: 200 }).map(Buffer.from)),
  value: fc.option(fc.uint8Array({ maxLength: 2_000 }).map(Buffer.from)),
  headers: fc.dictionary(fc.string({ minLength: 1, unit: 'binary' }), fc.string({ unit: 'binary' }), { maxKeys: 5 }),
  timestamp: fc.integer({ min: 0, max: 4_000_000_000_000 }),
});

function only(bytes: Buffer): RecordBatch {
  const [batch] = splitBatches(bytes).batches;
  if (batch === undefined) throw new Error('no batch');
  return batch;
}

describe('record batches', () => {
  test('CRC-32C has the values of RFC 3720', () => {
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
    expect(crc32c(Buffer.from(Array.from({ length: 32 }, (_, index) => index)))).toBe(0x46dd794e);
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });

  test('what is written is read: keys, values, absent ones, headers, times', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 20 }), async (messages) => {
        const batch = only(await recordBatch(messages, FRAME));
        const records = decodeRecords(batch, batch.payload);
        expect(records.map(({ offset }) => Number(offset))).toEqual(messages.map((_, index) => index));
        for (const [index, { key, value, headers, timestamp }] of messages.entries()) {
          expect(records[index]).toMatchObject({ key, value, timestampMs: timestamp });
          expect(records[index]?.headers).toEqual(new Map(Object.entries(headers)));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a flipped byte behind the checksum is an error, wherever it is', async () => {
    const bytes = await recordBatch([{ key: 'north/1', value: 'a study', headers: { site: 'north' } }], FRAME);
    for (let at = 21; at < bytes.length; at += 1) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      expect(() => splitBatches(damaged)).toThrow('CORRUPT_MESSAGE');
    }
  });

  test('records whose lengths lie are an error of that name, and never a hang', async () => {
    const batch = only(await recordBatch([{ key: 'k', value: 'v'.repeat(300), headers: { a: 'b' } }], FRAME));
    fc.assert(
      fc.property(fc.nat(batch.payload.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const payload = Buffer.from(batch.payload);
        payload[at] = byte;
        try {
          decodeRecords(batch, payload);
        } catch (error) {
          expect(error).toMatchObject({ name: 'BatchUnreadable', type: 'CORRUPT_MESSAGE' });
        }
      }),
      { numRuns: 2_000 },
    );
    expect(() => decodeRecords({ ...batch, count: 0x7fff_ffff }, batch.payload)).toThrow('CORRUPT_MESSAGE');
  });

  test('a batch cut anywhere is told as cut off, and the whole ones before it are read', async () => {
    const first = await recordBatch([{ value: 'first' }], FRAME);
    const second = await recordBatch([{ value: 'second' }], FRAME);
    for (let end = 0; end < second.length; end += 1) {
      const { batches, cutOff } = splitBatches(Buffer.concat([first, second.subarray(0, end)]));
      expect([batches.length, cutOff]).toEqual([1, end > 0]);
    }
  });

  test('a batch of an old message format is an error of that name', async () => {
    const bytes = await recordBatch([{ value: 'x' }], FRAME);
    bytes[16] = 1;
    expect(() => splitBatches(bytes)).toThrow('UNSUPPORTED_FOR_MESSAGE_FORMAT');
  });
});
