// xxHash, 32 bits: the checksum inside an LZ4 frame. Source: Cyan4973/xxHash xxhash_spec.md.
const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;
const PRIME_4 = 0x27d4eb2f;
const PRIME_5 = 0x165667b1;
const STRIPE_BYTES = 16;

export function xxhash32(bytes: Buffer): number {
  let at = 0;
  let hash = PRIME_5;
  if (bytes.length >= STRIPE_BYTES) {
    let first = (PRIME_1 + PRIME_2) | 0;
    let second = PRIME_2 | 0;
    let third = 0;
    let fourth = -PRIME_1 | 0;
    for (; at + STRIPE_BYTES <= bytes.length; at += STRIPE_BYTES) {
      first = round(first, bytes.readInt32LE(at));
      second = round(second, bytes.readInt32LE(at + 4));
      third = round(third, bytes.readInt32LE(at + 8));
      fourth = round(fourth, bytes.readInt32LE(at + 12));
    }
    hash = rotate(first, 1) + rotate(second, 7) + rotate(third, 12) + rotate(fourth, 18);
  }
  hash = (hash + bytes.length) | 0;
  for (; at + 4 <= bytes.length; at += 4) {
    hash = Math.imul(rotate(hash + Math.imul(bytes.readInt32LE(at), PRIME_3), 17), PRIME_4);
  }
  for (; at < bytes.length; at += 1) {
    hash = Math.imul(rotate(hash + Math.imul(bytes[at] ?? 0, PRIME_5), 11), PRIME_1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function round(lane: number, word: number): number {
  return Math.imul(rotate(lane + Math.imul(word, PRIME_2), 13), PRIME_1);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
