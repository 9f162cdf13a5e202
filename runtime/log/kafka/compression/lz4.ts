/**
 * LZ4 in its frame format, as Kafka uses it.
 *
 * A frame: magic, flags, block size code, optional content size, header checksum; blocks with a length each, the highest
 * bit of which says "not compressed"; a length of nought; an optional checksum of the content.
 *
 * Kafka's quirks. Old Java clients computed the header checksum over the magic too (KAFKA-3160); both are taken. Java
 * reads independent blocks only, so independent ones are written; blocks that refer to those before are read too.
 *
 * Source: lz4/lz4 lz4_Frame_format.md and lz4_Block_format.md.
 */
import { BATCH_BYTES_MAX, CompressedBytesWrong, GrowingOutput } from './growing-output.ts';
import { xxhash32 } from './xxhash32.ts';

const MAGIC = 0x184d2204;
const VERSION_1 = 0x40;
const VERSION_MASK = 0xc0;
const INDEPENDENT = 0x20;
const BLOCK_CHECKSUM = 0x10;
const CONTENT_SIZE = 0x08;
const CONTENT_CHECKSUM = 0x04;
const RESERVED = 0x02;
const DICTIONARY = 0x01;
const NOT_COMPRESSED = 0x80000000;
const BLOCK_CODE_64_KB = 4;
const BLOCK_BYTES = 64 * 1_024;

const MATCH_BYTES_MIN = 4;
/** The format's rules for an encoder: the last five bytes are literals, the last match begins twelve before the end. */
const LAST_LITERALS = 5;
const MATCH_LIMIT = 12;
const HASH_BITS = 14;
const WINDOW_BYTES = 65_535;

export function compressLz4(bytes: Buffer): Buffer {
  const header = Buffer.alloc(7);
  header.writeUInt32LE(MAGIC);
  header[4] = VERSION_1 | INDEPENDENT;
  header[5] = BLOCK_CODE_64_KB << 4;
  header[6] = headerChecksum(header.subarray(4, 6));
  const parts: Buffer[] = [header];
  const lastPlaces = new Int32Array(1 << HASH_BITS);
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const plain = bytes.subarray(at, at + BLOCK_BYTES);
    const block = compressBlock(plain, lastPlaces.fill(-1));
    const smaller = block.length < plain.length;
    parts.push(uint32(smaller ? block.length : (plain.length | NOT_COMPRESSED) >>> 0), smaller ? block : plain);
  }
  parts.push(uint32(0));
  return Buffer.concat(parts);
}

export function decompressLz4(bytes: Buffer, bytesMax: number = BATCH_BYTES_MAX): Buffer {
  try {
    return decompressFrame(bytes, bytesMax);
  } catch (error) {
    // A read past the end of the bytes.
    if (error instanceof RangeError) throw new CompressedBytesWrong('CORRUPT_MESSAGE');
    throw error;
  }
}

function decompressFrame(bytes: Buffer, bytesMax: number): Buffer {
  if (bytes.readUInt32LE(0) !== MAGIC) throw new CompressedBytesWrong('CORRUPT_MESSAGE');
  const flags = bytes.readUInt8(4);
  if ((flags & VERSION_MASK) !== VERSION_1 || (flags & (RESERVED | DICTIONARY)) !== 0) {
    throw new CompressedBytesWrong('CORRUPT_MESSAGE');
  }
  const headerEnd = (flags & CONTENT_SIZE) === 0 ? 6 : 14;
  if (!headerMatches(bytes, headerEnd)) throw new CompressedBytesWrong('CORRUPT_MESSAGE');
  const output = new GrowingOutput(bytes.length * 3, bytesMax);
  let at = headerEnd + 1;
  for (let length = bytes.readUInt32LE(at); length !== 0; length = bytes.readUInt32LE(at)) {
    const size = length & ~NOT_COMPRESSED;
    const end = at + 4 + size;
    if (end > bytes.length) throw new CompressedBytesWrong('CORRUPT_MESSAGE');
    if (length >= NOT_COMPRESSED) output.append(bytes, at + 4, end);
    else decompressBlock(bytes.subarray(at + 4, end), output, (flags & INDEPENDENT) === 0 ? 0 : output.used);
    at = (flags & BLOCK_CHECKSUM) === 0 ? end : end + 4;
  }
  const content = output.taken();
  if ((flags & CONTENT_CHECKSUM) !== 0 && bytes.readUInt32LE(at + 4) !== xxhash32(content)) {
    throw new CompressedBytesWrong('CORRUPT_MESSAGE');
  }
  return content;
}

function headerMatches(bytes: Buffer, end: number): boolean {
  const found = bytes.readUInt8(end);
  return found === headerChecksum(bytes.subarray(4, end)) || found === headerChecksum(bytes.subarray(0, end));
}

function headerChecksum(header: Buffer): number {
  return (xxhash32(header) >>> 8) & 0xff;
}

/** Sequences: a token (two lengths of four bits), literals, a distance, and the rest of a long length in bytes of 255. */
function decompressBlock(bytes: Buffer, output: GrowingOutput, floor: number): void {
  let at = 0;
  while (at < bytes.length) {
    const token = bytes.readUInt8(at++);
    let literals = token >>> 4;
    if (literals === 15) [literals, at] = longLength(bytes, at, literals);
    output.append(bytes, at, at + literals);
    at += literals;
    if (at === bytes.length) return;
    const distance = bytes.readUInt16LE(at);
    at += 2;
    let match = token & 15;
    if (match === 15) [match, at] = longLength(bytes, at, match);
    output.repeat(distance, match + MATCH_BYTES_MIN, floor);
  }
}

function longLength(bytes: Buffer, start: number, base: number): [length: number, at: number] {
  let length = base;
  let at = start;
  let more = 255;
  while (more === 255) {
    more = bytes.readUInt8(at++);
    length += more;
  }
  return [length, at];
}

function compressBlock(block: Buffer, lastPlaces: Int32Array): Buffer {
  const output = Buffer.allocUnsafe(block.length + Math.ceil(block.length / 255) + 16);
  let used = 0;
  let pending = 0;
  let at = 0;
  while (at + MATCH_LIMIT <= block.length) {
    const four = block.readUInt32LE(at);
    const hash = Math.imul(four, 0x9e3779b1) >>> (32 - HASH_BITS);
    const candidate = lastPlaces[hash] ?? -1;
    lastPlaces[hash] = at;
    if (candidate < 0 || at - candidate > WINDOW_BYTES || block.readUInt32LE(candidate) !== four) {
      // The longer nothing matches, the larger the steps: what does not compress costs little.
      at += 1 + ((at - pending) >>> 6);
      continue;
    }
    const end = block.length - LAST_LITERALS;
    let length = MATCH_BYTES_MIN;
    while (at + length < end && block[at + length] === block[candidate + length]) length += 1;
    used = writeLiterals(output, used, block, pending, at, length - MATCH_BYTES_MIN);
    used = output.writeUInt16LE(at - candidate, used);
    used = writeLongLength(output, used, length - MATCH_BYTES_MIN);
    at += length;
    pending = at;
  }
  used = writeLiterals(output, used, block, pending, block.length, 0);
  return output.subarray(0, used);
}

function writeLiterals(output: Buffer, at: number, block: Buffer, from: number, to: number, match: number): number {
  const length = to - from;
  output[at] = (Math.min(length, 15) << 4) | Math.min(match, 15);
  const used = writeLongLength(output, at + 1, length);
  return used + block.copy(output, used, from, to);
}

function writeLongLength(output: Buffer, at: number, length: number): number {
  if (length < 15) return at;
  let used = at;
  let left = length - 15;
  for (; left >= 255; left -= 255) output[used++] = 255;
  output[used] = left;
  return used + 1;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
