/**
 * Snappy, raw and in the framing of xerial's Java library.
 *
 * Java clients write the framing: a header of 16 bytes (magic, version, compatible version), then blocks, each a length
 * (4 bytes, big endian) and a raw snappy stream. librdkafka and others write one raw stream. Both are read; the framing
 * is written, which every client reads.
 *
 * Source: google/snappy format_description.txt; xerial/snappy-java SnappyOutputStream.
 */
import { BATCH_BYTES_MAX, CompressedBytesWrong, GrowingOutput } from './growing-output.ts';

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER = Buffer.concat([XERIAL_MAGIC, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])]);
const BLOCK_BYTES = 32 * 1_024;
const HASH_BITS = 14;
/** The shortest match worth a copy, and what the end must leave so that four bytes can be compared. */
const MATCH_BYTES_MIN = 4;
const COPY_BYTES_MAX = 64;

export function compressSnappy(bytes: Buffer): Buffer {
  const parts: Buffer[] = [XERIAL_HEADER];
  const lastPlaces = new Int32Array(1 << HASH_BITS);
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const block = compressBlock(bytes.subarray(at, at + BLOCK_BYTES), lastPlaces.fill(-1));
    const length = Buffer.allocUnsafe(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

export function decompressSnappy(bytes: Buffer, bytesMax: number = BATCH_BYTES_MAX): Buffer {
  if (!bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) {
    const output = new GrowingOutput(bytes.length * 2, bytesMax);
    decompressStream(bytes, output, bytesMax);
    return output.taken();
  }
  const output = new GrowingOutput(bytes.length * 2, bytesMax);
  let at = XERIAL_HEADER.length;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) throw new CompressedBytesWrong('CORRUPT_MESSAGE');
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0 || at + length > bytes.length) throw new CompressedBytesWrong('CORRUPT_MESSAGE');
    decompressStream(bytes.subarray(at, at + length), output, bytesMax);
    at += length;
  }
  return output.taken();
}

function decompressStream(bytes: Buffer, output: GrowingOutput, bytesMax: number): void {
  const floor = output.used;
  const { value: length, next } = readVarint(bytes);
  if (floor + length > bytesMax) throw new CompressedBytesWrong('BATCH_TOO_LARGE');
  let at = next;
  while (at < bytes.length) {
    const tag = bytes[at] ?? 0;
    at += 1;
    if ((tag & 3) === 0) at = literal(bytes, at, tag >>> 2, output);
    else at = copy(bytes, at, tag, output, floor);
    if (output.used - floor > length) break;
  }
  if (output.used - floor !== length) throw new CompressedBytesWrong('CORRUPT_MESSAGE');
}

/** Lengths of up to 60 stand in the tag; 60 to 63 say that the length less one follows in one to four bytes. */
function literal(bytes: Buffer, start: number, code: number, output: GrowingOutput): number {
  let at = start;
  let length = code + 1;
  if (code >= 60) {
    const lengthBytes = code - 59;
    length = littleEndian(bytes, at, lengthBytes) + 1;
    at += lengthBytes;
  }
  output.append(bytes, at, at + length);
  return at + length;
}

function copy(bytes: Buffer, at: number, tag: number, output: GrowingOutput, floor: number): number {
  switch (tag & 3) {
    case 1:
      output.repeat(((tag >>> 5) << 8) | littleEndian(bytes, at, 1), ((tag >>> 2) & 7) + 4, floor);
      return at + 1;
    case 2:
      output.repeat(littleEndian(bytes, at, 2), (tag >>> 2) + 1, floor);
      return at + 2;
    default:
      output.repeat(littleEndian(bytes, at, 4), (tag >>> 2) + 1, floor);
      return at + 4;
  }
}

function littleEndian(bytes: Buffer, at: number, count: number): number {
  if (at + count > bytes.length) throw new CompressedBytesWrong('CORRUPT_MESSAGE');
  return bytes.readUIntLE(at, count);
}

function readVarint(bytes: Buffer): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let at = 0; at < 5; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return { value, next: at + 1 };
  }
  throw new CompressedBytesWrong('CORRUPT_MESSAGE');
}

/** Greedy: the last place of each four bytes, by hash. */
function compressBlock(block: Buffer, lastPlaces: Int32Array): Buffer {
  const output = Buffer.allocUnsafe(32 + block.length + Math.ceil(block.length / 6));
  let used = writeVarint(output, block.length);
  let pending = 0;
  let at = 0;
  while (at + MATCH_BYTES_MIN <= block.length) {
    const four = block.readUInt32LE(at);
    const hash = Math.imul(four, 0x1e35a7bd) >>> (32 - HASH_BITS);
    const candidate = lastPlaces[hash] ?? -1;
    lastPlaces[hash] = at;
    if (candidate < 0 || block.readUInt32LE(candidate) !== four) {
      // The longer nothing matches, the larger the steps: what does not compress costs little.
      at += 1 + ((at - pending) >>> 5);
      continue;
    }
    let length = MATCH_BYTES_MIN;
    while (at + length < block.length && block[at + length] === block[candidate + length]) length += 1;
    used = writeLiteral(output, used, block, pending, at);
    used = writeCopies(output, used, at - candidate, length);
    at += length;
    pending = at;
  }
  used = writeLiteral(output, used, block, pending, block.length);
  return output.subarray(0, used);
}

function writeLiteral(output: Buffer, start: number, block: Buffer, from: number, to: number): number {
  const length = to - from;
  if (length === 0) return start;
  let used = start;
  if (length <= 60) {
    output[used++] = (length - 1) << 2;
  } else if (length <= 256) {
    output[used++] = 60 << 2;
    output[used++] = length - 1;
  } else {
    output[used++] = 61 << 2;
    used = output.writeUInt16LE(length - 1, used);
  }
  return used + block.copy(output, used, from, to);
}

function writeCopies(output: Buffer, start: number, distance: number, length: number): number {
  let used = start;
  for (let left = length; left > 0; left -= COPY_BYTES_MAX) {
    output[used++] = ((Math.min(left, COPY_BYTES_MAX) - 1) << 2) | 2;
    used = output.writeUInt16LE(distance, used);
  }
  return used;
}

function writeVarint(output: Buffer, value: number): number {
  let left = value;
  let used = 0;
  for (; left >= 0x80; left >>>= 7) output[used++] = (left & 0x7f) | 0x80;
  output[used] = left;
  return used + 1;
}
