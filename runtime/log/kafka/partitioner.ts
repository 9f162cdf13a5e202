/**
 * The partition of a key, as every Kafka client's default partitioner computes it: so that another producer that keys
 * its records by the site finds the partition that we look for them in.
 *
 * Murmur2 over the UTF-8 bytes, sign bit cleared, modulo the number of partitions.
 *
 * Source: Apache Kafka, `org.apache.kafka.common.utils.Utils.murmur2` and `toPositive`; librdkafka's `murmur2_random`.
 */
const SEED = 0x9747b28c;
const MIX = 0x5bd1e995;
const MIX_SHIFT = 24;
const KEYS_KEPT_MAX = 4_096;

/** Hashes of keys seen: sites are few, and each record asks. */
const kept = new Map<string, number>();

export function partitionFor(partitionKey: string, partitions: number): number {
  const known = kept.get(partitionKey);
  if (known !== undefined) return known % partitions;
  const hash = murmur2(Buffer.from(partitionKey)) & 0x7fffffff;
  // Study keys are many: what is kept stays bounded.
  if (kept.size >= KEYS_KEPT_MAX) kept.clear();
  kept.set(partitionKey, hash);
  return hash % partitions;
}

/** As a signed 32-bit number. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  let hash = SEED ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let word = Math.imul(view.getUint32(at, true), MIX);
    word = Math.imul(word ^ (word >>> MIX_SHIFT), MIX);
    hash = Math.imul(hash, MIX) ^ word;
  }
  const left = length - at;
  if (left >= 3) hash ^= view.getUint8(at + 2) << 16;
  if (left >= 2) hash ^= view.getUint8(at + 1) << 8;
  if (left >= 1) hash = Math.imul(hash ^ view.getUint8(at), MIX);
  hash = Math.imul(hash ^ (hash >>> 13), MIX);
  return hash ^ (hash >>> 15);
}
