/**
 * How an entry stands in the embedded log: layout (1 byte), flags (1), appended at (8, double), key, partition key,
 * headers, value to the end.
 *
 * Texts are UTF-8 behind their length (4 bytes). A partition key that is the key, or the site before its first slash,
 * is not repeated. The names of our own headers are one byte.
 */
import assert from 'node:assert/strict';
import type { Entry } from '../../../schemas/record-entry.ts';

const LAYOUT = 1;
const FLAG_NULL_VALUE = 1;
const FLAG_PARTITION_IS_KEY = 2;
const FLAG_PARTITION_IS_SITE = 4;
const FIXED_BYTES = 10;
/** Index plus one is the byte on disk: append only. */
const HEADER_NAMES = ['schema', 'site', 'trace', 'content-hash', 'causation'];
const HEADER_NUMBERS: ReadonlyMap<string, number> = new Map(HEADER_NAMES.map((name, index) => [name, index + 1]));
const OTHER_HEADER = 0;

export interface FramedEntry {
  readonly key: string;
  readonly partitionKey: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly value: Uint8Array | null;
  readonly appendedAtMs: number;
}

/** Reused between entries: LMDB has copied a value when `put` inside a transaction returns. */
const scratch = Buffer.allocUnsafeSlow(256 * 1024);

/** The result is valid until the next call. */
export function frameEntry(entry: Entry, appendedAtMs: number): Buffer {
  const bound = framedBytesMax(entry);
  // A buffer for a large entry is not kept.
  const target = bound <= scratch.length ? scratch : Buffer.allocUnsafeSlow(bound);
  const site = entry.partitionKey !== entry.key && siteOf(entry.key) === entry.partitionKey;
  let flags = entry.value === null ? FLAG_NULL_VALUE : 0;
  if (entry.partitionKey === entry.key) flags |= FLAG_PARTITION_IS_KEY;
  else if (site) flags |= FLAG_PARTITION_IS_SITE;
  target[0] = LAYOUT;
  target[1] = flags;
  target.writeDoubleBE(appendedAtMs, 2);
  let at = writeText(target, entry.key, FIXED_BYTES);
  if ((flags & (FLAG_PARTITION_IS_KEY | FLAG_PARTITION_IS_SITE)) === 0) at = writeText(target, entry.partitionKey, at);
  assert(entry.headers.size < 256, 'an entry has fewer than 256 headers');
  target[at] = entry.headers.size;
  at += 1;
  for (const [name, value] of entry.headers) {
    const number = HEADER_NUMBERS.get(name) ?? OTHER_HEADER;
    target[at] = number;
    at += 1;
    if (number === OTHER_HEADER) at = writeText(target, name, at);
    at = writeText(target, value, at);
  }
  if (entry.value !== null) {
    target.set(entry.value, at);
    at += entry.value.length;
  }
  return target.subarray(0, at);
}

/** `value` points into `bytes`. */
export function unframeEntry(bytes: Buffer): FramedEntry {
  const { key, flags, end } = unframeKey(bytes);
  const cursor = { at: end };
  const partitionKey =
    (flags & FLAG_PARTITION_IS_KEY) !== 0
      ? key
      : (flags & FLAG_PARTITION_IS_SITE) !== 0
        ? siteOf(key)
        : readText(bytes, cursor);
  const headers = new Map<string, string>();
  const count = bytes.readUInt8(cursor.at);
  cursor.at += 1;
  for (let index = 0; index < count; index += 1) {
    const number = bytes.readUInt8(cursor.at);
    cursor.at += 1;
    const name = number === OTHER_HEADER ? readText(bytes, cursor) : HEADER_NAMES[number - 1];
    assert(name !== undefined, 'a header name is known');
    headers.set(name, readText(bytes, cursor));
  }
  const value = (flags & FLAG_NULL_VALUE) !== 0 ? null : bytes.subarray(cursor.at);
  return { key, partitionKey, headers, value, appendedAtMs: bytes.readDoubleBE(2) };
}

/** Only when it was appended, ms since 1970 UTC: for searching by time and for retention. */
export function unframeAppendedAtMs(bytes: Buffer): number {
  assert(bytes[0] === LAYOUT, 'the layout of an entry is known');
  return bytes.readDoubleBE(2);
}

/** Only the key, and whether there is a value: for compaction. */
export function unframeKey(bytes: Buffer): { readonly key: string; readonly flags: number; readonly end: number } {
  assert(bytes[0] === LAYOUT, 'the layout of an entry is known');
  const cursor = { at: FIXED_BYTES };
  const key = readText(bytes, cursor);
  return { key, flags: bytes.readUInt8(1), end: cursor.at };
}

export function isTombstone(flags: number): boolean {
  return (flags & FLAG_NULL_VALUE) !== 0;
}

/** An upper bound of the framed size, without encoding: a UTF-16 code unit becomes at most three bytes. */
export function framedBytesMax(entry: Entry): number {
  let bound = FIXED_BYTES + 9 + 3 * (entry.key.length + entry.partitionKey.length) + (entry.value?.length ?? 0);
  for (const [name, value] of entry.headers) bound += 9 + 3 * (name.length + value.length);
  return bound;
}

function siteOf(key: string): string {
  const slash = key.indexOf('/');
  return slash === -1 ? '' : key.slice(0, slash);
}

function writeText(target: Buffer, text: string, at: number): number {
  const bytes = target.write(text, at + 4, 'utf8');
  target.writeUInt32BE(bytes, at);
  return at + 4 + bytes;
}

function readText(bytes: Buffer, cursor: { at: number }): string {
  const from = cursor.at + 4;
  cursor.at = from + bytes.readUInt32BE(cursor.at);
  assert(cursor.at <= bytes.length, 'a text of an entry ends within it');
  return bytes.toString('utf8', from, cursor.at);
}
