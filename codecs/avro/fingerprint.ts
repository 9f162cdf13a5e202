// CRC-64-AVRO, the fingerprint that stands in single-object encoding.

const EMPTY = 0xc15d213aa4d7a795n;

const TABLE: readonly bigint[] = Array.from({ length: 256 }, (_, index) => {
  let value = BigInt(index);
  for (let bit = 0; bit < 8; bit += 1) value = (value >> 1n) ^ (EMPTY & -(value & 1n));
  return BigInt.asUintN(64, value);
});

/**
 * Fingerprint of a schema in Parsing Canonical Form, 8 bytes little-endian as they stand on the wire.
 *
 * Source: Apache Avro 1.12 specification, "Schema Fingerprints" and "Single-object encoding".
 */
export function crc64Avro(canonicalSchema: string): Buffer {
  let value = EMPTY;
  for (const byte of Buffer.from(canonicalSchema, 'utf8')) {
    value = (value >> 8n) ^ (TABLE[Number((value ^ BigInt(byte)) & 0xffn)] ?? 0n);
  }
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes;
}
