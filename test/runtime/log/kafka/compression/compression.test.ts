// Each compression: there and back, against an independent reader where the machine has one, and hostile bytes.
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compressGzip, decompressGzip } from '../../../../../runtime/log/kafka/compression/gzip.ts';
import { compressLz4, decompressLz4 } from '../../../../../runtime/log/kafka/compression/lz4.ts';
import { compressSnappy, decompressSnappy } from '../../../../../runtime/log/kafka/compression/snappy.ts';
import { xxhash32 } from '../../../../../runtime/log/kafka/compression/xxhash32.ts';
import { compressZstd, decompressZstd, zstdByWebAssembly } from '../../../../../runtime/log/kafka/compression/zstd.ts';

const wasm = zstdByWebAssembly();
const CODECS = [
  { name: 'gzip', compress: compressGzip, decompress: decompressGzip },
  { name: 'snappy', compress: async (bytes: Buffer) => compressSnappy(bytes), decompress: decompressSnappy },
  { name: 'lz4', compress: async (bytes: Buffer) => compressLz4(bytes), decompress: decompressLz4 },
  { name: 'zstd', compress: compressZstd, decompress: decompressZstd },
  { name: 'zstd by WebAssembly', compress: wasm.compress, decompress: wasm.decompress },
] as const;

/** Text that repeats itself near and far, and noise. */
const content = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 4_000 }))
        .map(([part, times]) => Buffer.concat(Array.from({ length: times }, () => part))),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.concat(parts));

describe.each(CODECS)('$name', ({ compress, decompress }) => {
  test('what is compressed comes back', async () => {
    await fc.assert(
      fc.asyncProperty(content, async (bytes) => {
        expect((await decompress(await compress(bytes), 1 << 24)).equals(bytes)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test('lengths around the size of a block come back', async () => {
    for (const size of [0, 1, 11, 12, 13, 32_767, 32_768, 32_769, 65_535, 65_536, 65_537, 200_000]) {
      for (const bytes of [Buffer.alloc(size, 'abcdefghij'), noise(size)]) {
        expect((await decompress(await compress(bytes), 1 << 24)).equals(bytes)).toBe(true);
      }
    }
  });

  test('a batch that becomes larger than allowed is refused, and of the allowed size taken', async () => {
    const bomb = await compress(Buffer.alloc(8_000_000));
    await expect((async () => decompress(bomb, 7_999_999))()).rejects.toMatchObject({ type: 'BATCH_TOO_LARGE' });
    expect((await decompress(bomb, 8_000_000)).length).toBe(8_000_000);
  });

  test('hostile bytes are refused by name or decoded, and nothing else happens', async () => {
    const good = await compress(Buffer.from('a hospital writes the same words again and again and again '.repeat(30)));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(good.length - 1),
        fc.integer({ min: 0, max: 255 }),
        fc.boolean(),
        async (at, byte, cut) => {
          const bytes = Buffer.from(cut ? good.subarray(0, at) : good);
          if (!cut) bytes[at] = byte;
          try {
            expect((await decompress(bytes, 100_000)).length).toBeLessThanOrEqual(100_000);
          } catch (error) {
            expect(error).toMatchObject({ name: 'CompressedBytesWrong' });
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  test('text that repeats itself becomes smaller', async () => {
    const text = Buffer.from('MSH|^~\\&|RIS|NORTH|BRIDGE|CLOUD|20260101||ORU^R01|1|P|2.5\r'.repeat(200));
    expect((await compress(text)).length).toBeLessThan(text.length / 5);
  });
});

describe('snappy of other clients', () => {
  test('a raw stream is read', () => {
    // "Wikipedia " twice: a literal of ten bytes and a copy of ten from ten back.
    const stream = Buffer.concat([
      Buffer.from([20, 9 << 2]),
      Buffer.from('Wikipedia '),
      Buffer.from([(9 << 2) | 2, 10, 0]),
    ]);
    expect(`${decompressSnappy(stream)}`).toBe('Wikipedia Wikipedia ');
  });
  test('a literal with its length in the bytes after the tag, and the short form of a copy, are read', () => {
    const text = 'x'.repeat(100);
    const literal = Buffer.concat([Buffer.from([104, 60 << 2, 99]), Buffer.from(text), Buffer.from([1, 100])]);
    expect(`${decompressSnappy(literal)}`).toBe(`${text}xxxx`);
  });
  test('a stream that claims more than it holds is refused', () => {
    expect(() => decompressSnappy(Buffer.from([50, 0, 0x61]))).toThrow('CORRUPT_MESSAGE');
  });
});

describe('lz4 of other clients', () => {
  const frame = compressLz4(Buffer.from('order order order order order'));

  test('the header checksum of old Java clients, over the magic too, is taken', () => {
    const old = Buffer.from(frame);
    old[6] = (xxhash32(frame.subarray(0, 6)) >>> 8) & 0xff;
    expect(old[6]).not.toBe(frame[6]);
    expect(`${decompressLz4(old)}`).toBe('order order order order order');
  });

  test('another header checksum is refused', () => {
    const wrong = Buffer.from(frame);
    wrong[6] = ~(frame[6] ?? 0) & 0xff;
    expect(() => decompressLz4(wrong)).toThrow('CORRUPT_MESSAGE');
  });

  test('blocks that refer to those before, a content size and a content checksum are read', () => {
    const text = 'order order order ';
    const header = Buffer.alloc(14);
    header.writeUInt32LE(0x184d2204);
    header[4] = 0x40 | 0x08 | 0x04;
    header[5] = 0x40;
    header.writeBigUInt64LE(36n, 6);
    const checksum = Buffer.from([(xxhash32(header.subarray(4, 14)) >>> 8) & 0xff]);
    // 18 literals; then a match of 13 from 18 back, and the five last literals.
    const first = Buffer.concat([Buffer.from([0xf0, 3]), Buffer.from(text)]);
    const second = Buffer.concat([Buffer.from([0x09, 18, 0, 0x50]), Buffer.from('rder ')]);
    const content = Buffer.from(text + text);
    const bytes = Buffer.concat([
      header,
      checksum,
      uint32(first.length),
      first,
      uint32(second.length),
      second,
      uint32(0),
      uint32(xxhash32(content)),
    ]);
    expect(`${decompressLz4(bytes)}`).toBe(`${content}`);
    bytes[bytes.length - 1] = ~(bytes.at(-1) ?? 0) & 0xff;
    expect(() => decompressLz4(bytes)).toThrow('CORRUPT_MESSAGE');
  });

  test('xxHash32 has the values of its specification', () => {
    expect(xxhash32(Buffer.alloc(0))).toBe(0x02cc5d05);
    expect(xxhash32(Buffer.from('Nobody inspects the spammish repetition'))).toBe(0xe2293b2f);
  });
});

test('zstd: a frame that names a size beyond the bound is refused before memory is taken', async () => {
  const frame = Buffer.alloc(40);
  frame.writeUInt32LE(0xfd2fb528);
  frame[4] = 0xe0;
  frame.writeBigUInt64LE(2n ** 50n, 5);
  await expect(wasm.decompress(frame, 1_000)).rejects.toMatchObject({ type: 'BATCH_TOO_LARGE' });
});

test('gzip: several members are read as one', async () => {
  expect(`${await decompressGzip(Buffer.concat([gzipSync('one '), gzipSync('two')]))}`).toBe('one two');
});

/** The same each time, and not compressible. */
function noise(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = 1;
  for (let at = 0; at < size; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
