// CRC-32C (Castagnoli), eight bytes a step: the checksum of a record batch.
const SLICES = 8;
const tables = castagnoliTables();

export function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff;
  let at = 0;
  const wholeSteps = bytes.length - (bytes.length % SLICES);
  for (; at < wholeSteps; at += SLICES) {
    const low = crc ^ word(bytes, at);
    const high = word(bytes, at + 4);
    crc =
      entry(7, low & 0xff) ^
      entry(6, (low >>> 8) & 0xff) ^
      entry(5, (low >>> 16) & 0xff) ^
      entry(4, low >>> 24) ^
      entry(3, high & 0xff) ^
      entry(2, (high >>> 8) & 0xff) ^
      entry(1, (high >>> 16) & 0xff) ^
      entry(0, high >>> 24);
  }
  for (; at < bytes.length; at += 1) crc = entry(0, (crc ^ (bytes[at] ?? 0)) & 0xff) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function word(bytes: Buffer, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

function entry(slice: number, byte: number): number {
  return tables[slice * 256 + byte] ?? 0;
}

function castagnoliTables(): Uint32Array {
  const all = new Uint32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    all[byte] = crc;
  }
  for (let at = 256; at < all.length; at += 1) {
    const before = all[at - 256] ?? 0;
    all[at] = (before >>> 8) ^ (all[before & 0xff] ?? 0);
  }
  return all;
}
