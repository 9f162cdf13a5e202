/**
 * Record batches (message format 2) as a fetch brings them: split, checked, and their records decoded.
 *
 * kafkajs' own decoder is not used for what we read: it drops what a batch without records covers (compaction leaves
 * such batches, and gaps at a batch's end), checks no CRC, and gives the records without the batch.
 */
import { crc32c } from './crc32c.ts';

export interface RecordBatch {
  readonly baseOffset: bigint;
  /** Of the batch as it was written; after compaction there may be no record there. */
  readonly lastOffset: bigint;
  readonly producerId: bigint;
  readonly transactional: boolean;
  /** A control batch holds one marker and no record of anybody. */
  readonly control: 'none' | 'abort' | 'other';
  readonly compression: number;
  readonly baseTimestampMs: number;
  /** The broker's time for all records, where the topic says so. */
  readonly appendTimestampMs: number | undefined;
  readonly count: number;
  /** The records, still compressed. */
  readonly payload: Buffer;
}

export interface FetchedRecord {
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: ReadonlyMap<string, string>;
}

/** The bytes are not what Kafka's protocol says. `type` as kafkajs' protocol errors have it. */
export class BatchUnreadable extends Error {
  readonly type: 'CORRUPT_MESSAGE' | 'UNSUPPORTED_FOR_MESSAGE_FORMAT' | 'BATCH_TOO_LARGE';
  constructor(type: BatchUnreadable['type']) {
    super(type);
    this.name = 'BatchUnreadable';
    this.type = type;
  }
}

const LENGTH_AT = 8;
const LOG_OVERHEAD = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const RECORDS_AT = 61;
const APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const ABORT_MARKER = 0;

/** Whole batches in order; a last one may be cut off by the fetch's limit. */
export function splitBatches(bytes: Buffer): { readonly batches: readonly RecordBatch[]; readonly cutOff: boolean } {
  const batches: RecordBatch[] = [];
  let at = 0;
  for (let size = batchBytes(bytes); size !== undefined; size = batchBytes(bytes.subarray(at))) {
    if (size < RECORDS_AT) throw new BatchUnreadable('UNSUPPORTED_FOR_MESSAGE_FORMAT');
    if (at + size > bytes.length) break;
    batches.push(readBatch(bytes.subarray(at, at + size)));
    at += size;
  }
  return { batches, cutOff: at < bytes.length };
}

/** The whole size of the batch that begins here, which may be cut off; undefined where its length is. */
export function batchBytes(bytes: Buffer): number | undefined {
  return bytes.length < LOG_OVERHEAD ? undefined : LOG_OVERHEAD + bytes.readInt32BE(LENGTH_AT);
}

/** The records of one batch; `payload` decompressed. */
export function decodeRecords(batch: RecordBatch, payload: Buffer): readonly FetchedRecord[] {
  const records: FetchedRecord[] = [];
  const cursor = new RecordCursor(payload);
  try {
    for (let index = 0; index < batch.count; index += 1) records.push(cursor.record(batch));
  } catch (error) {
    // A length that points past the end. Nothing is lost: the fetch fails, and names it.
    if (error instanceof RangeError) throw new BatchUnreadable('CORRUPT_MESSAGE');
    throw error;
  }
  return records;
}

function readBatch(bytes: Buffer): RecordBatch {
  if (bytes[MAGIC_AT] !== 2) throw new BatchUnreadable('UNSUPPORTED_FOR_MESSAGE_FORMAT');
  if (crc32c(bytes.subarray(ATTRIBUTES_AT)) !== bytes.readUInt32BE(CRC_AT))
    throw new BatchUnreadable('CORRUPT_MESSAGE');
  const attributes = bytes.readInt16BE(ATTRIBUTES_AT);
  const baseOffset = bytes.readBigInt64BE(0);
  const batch = {
    baseOffset,
    lastOffset: baseOffset + BigInt(bytes.readInt32BE(23)),
    producerId: bytes.readBigInt64BE(43),
    transactional: (attributes & TRANSACTIONAL) !== 0,
    compression: attributes & 0x07,
    baseTimestampMs: Number(bytes.readBigInt64BE(27)),
    appendTimestampMs: (attributes & APPEND_TIME) === 0 ? undefined : Number(bytes.readBigInt64BE(35)),
    count: bytes.readInt32BE(57),
    payload: bytes.subarray(RECORDS_AT),
  } as const;
  if ((attributes & CONTROL) === 0) return { ...batch, control: 'none' };
  return { ...batch, control: markerOf({ ...batch, control: 'other' }) };
}

/** A control record's key is its version and its type, two bytes each; compaction may have taken the record itself. */
function markerOf(batch: RecordBatch): 'abort' | 'other' {
  const key = decodeRecords(batch, batch.payload)[0]?.key;
  return key !== null && key !== undefined && key.length >= 4 && key.readInt16BE(2) === ABORT_MARKER
    ? 'abort'
    : 'other';
}

const NO_HEADERS: ReadonlyMap<string, string> = new Map();

/** Reads records one after another; a length past the end is a RangeError. */
class RecordCursor {
  readonly #bytes: Buffer;
  #at = 0;
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  record(batch: RecordBatch): FetchedRecord {
    const size = this.#varint();
    const end = this.#at + size;
    this.#at += 1;
    const timestampMs = batch.baseTimestampMs + this.#varint();
    const offset = batch.baseOffset + BigInt(this.#varint());
    const key = this.#slice();
    const value = this.#slice();
    const headers = this.#headers();
    if (this.#at !== end) throw new RangeError('the record ends elsewhere');
    return { offset, timestampMs: batch.appendTimestampMs ?? timestampMs, key, value, headers };
  }

  #headers(): ReadonlyMap<string, string> {
    const count = this.#varint();
    if (count === 0) return NO_HEADERS;
    const headers = new Map<string, string>();
    for (let index = 0; index < count; index += 1) {
      // Of a name that stands twice the last counts, as in Kafka's own `lastHeader`.
      headers.set(this.#text(), this.#text());
    }
    return headers;
  }

  /** Without the cost of a view: there are several in each record. A missing value is the empty text. */
  #text(): string {
    const size = this.#varint();
    if (size <= 0) return '';
    const start = this.#at;
    this.#at += size;
    if (this.#at > this.#bytes.length) throw new RangeError('past the end');
    return this.#bytes.toString('utf8', start, this.#at);
  }

  #slice(): Buffer | null {
    const size = this.#varint();
    if (size < 0) return null;
    const start = this.#at;
    this.#at += size;
    if (this.#at > this.#bytes.length) throw new RangeError('past the end');
    return this.#bytes.subarray(start, this.#at);
  }

  /** Zigzag, up to 64 bits; beyond 2^53 a timestamp loses its last bits, which is no time anybody means. */
  #varint(): number {
    let byte = this.#bytes.readUInt8(this.#at++);
    let value = byte & 0x7f;
    let scale = 128;
    while (byte >= 0x80) {
      if (scale > 2 ** 63) throw new RangeError('a varint has at most ten bytes');
      byte = this.#bytes.readUInt8(this.#at++);
      value += (byte & 0x7f) * scale;
      scale *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
