// Records as Avro bytes, and as entries ready to append.
import { hash } from 'node:crypto';
import avro from 'avsc';
import { failed, type Result, succeeded } from '../../schemas/failure.ts';
import type { Entry, HeaderName } from '../../schemas/record-entry.ts';
import { SCHEMA_TEXTS, type TopicName, type TopicRecords } from '../../schemas/records.ts';
import { recordKey, TOPICS } from '../../schemas/topics.ts';
import { type BodyBounds, bodyBounds } from './body-bounds.ts';
import { crc64Avro } from './fingerprint.ts';

export interface RecordCodec {
  encode<Name extends TopicName>(topic: Name, record: TopicRecords[Name]): Uint8Array;
  /** Fails with `avro.unknown_schema` or `avro.undecodable`. Byte fields of the result may point into `bytes`. */
  decode<Name extends TopicName>(topic: Name, bytes: Uint8Array): Result<TopicRecords[Name]>;
  /** The whole entry: key, partition key, value and the headers schema, site, content-hash and, from `lineage`, trace and causation. */
  entry<Name extends TopicName>(topic: Name, record: TopicRecords[Name], lineage: Lineage): Entry;
}

/** Where a record comes from, so that it can be traced from the sender's message to the cloud's answer. */
export interface Lineage {
  /** 16 hex digits, made at the door and handed on. */
  readonly trace: string;
  /** `topic/partition/offset` of the record that led to this one. */
  readonly causation?: string;
}

const MARKER = Buffer.from([0xc3, 0x01]);
const HEADER_BYTES = 10;

/** A record is written here first, because its length is known only then; one that is longer is written twice. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * The codec without a schema registry: C3 01, CRC-64-AVRO of the schema, body.
 *
 * Source: Apache Avro 1.12 specification, "Single-object encoding".
 */
export function singleObjectCodec(): RecordCodec {
  const topics = new Map<string, TopicCodec>();
  for (const [topic, text] of Object.entries(SCHEMA_TEXTS)) topics.set(topic, topicCodec(text));
  const codecOf = (topic: TopicName): TopicCodec => {
    const codec = topics.get(topic);
    if (codec === undefined) throw new TypeError(`no schema for topic ${topic}`);
    return codec;
  };
  const encode: RecordCodec['encode'] = (topic, record) => {
    const { type, header, byteFields } = codecOf(topic);
    const value = withBuffers(record, byteFields);
    const end = type.encode(value, scratch, HEADER_BYTES);
    // Negative: how many bytes it lacked.
    const bytes = Buffer.allocUnsafeSlow(end > 0 ? end : scratch.length - end);
    if (end > 0) bytes.set(scratch.subarray(0, end));
    else type.encode(value, bytes, HEADER_BYTES);
    bytes.set(header);
    return bytes;
  };
  return {
    encode,
    decode: (topic, bytes) => {
      const { type, header, withinBounds } = codecOf(topic);
      if (!beginsWith(bytes, header)) {
        return failed('avro.unknown_schema', `a record of ${topic} begins with no schema known here`);
      }
      if (!withinBounds(bytes, HEADER_BYTES)) {
        return failed('avro.undecodable', `a record of ${topic} does not keep within its bytes`);
      }
      try {
        const { value, offset } = type.decode(asBuffer(bytes), HEADER_BYTES);
        if (offset === bytes.length) return succeeded(value);
      } catch {
        // avsc's message may quote the data; the code says enough.
      }
      return failed('avro.undecodable', `a record of ${topic} does not match its schema`);
    },
    entry: (topic, record, lineage) => {
      const key = recordKey(topic, record);
      const value = encode(topic, record);
      const headers = new Map<HeaderName, string>([
        ['schema', codecOf(topic).name],
        ['site', record.site],
        ['trace', lineage.trace],
        ['content-hash', hash('sha256', value, 'hex')],
      ]);
      if (lineage.causation !== undefined) headers.set('causation', lineage.causation);
      return { topic, key, partitionKey: TOPICS[topic].partitionBy === 'site' ? record.site : key, value, headers };
    },
  };
}

interface TopicCodec {
  readonly type: avro.Type;
  readonly header: Buffer;
  readonly withinBounds: BodyBounds;
  /** Fields at the top of the record that hold bytes. */
  readonly byteFields: readonly string[];
  readonly name: string;
}

function topicCodec(text: string): TopicCodec {
  const schema: { readonly fields: readonly { readonly name: string; readonly type: unknown }[] } = JSON.parse(text);
  const type = avro.Type.forSchema(JSON.parse(text), { wrapUnions: false });
  const fingerprint = crc64Avro(JSON.stringify(type.schema()));
  return {
    type,
    withinBounds: bodyBounds(type),
    byteFields: byteFieldsOf(schema),
    header: Buffer.concat([MARKER, fingerprint]),
    name: `${type.name}:${fingerprint.toString('hex')}`,
  };
}

function byteFieldsOf(schema: {
  readonly fields: readonly { readonly name: string; readonly type: unknown }[];
}): string[] {
  return schema.fields.filter((field) => field.type === 'bytes').map((field) => field.name);
}

/** avsc writes Buffers only; our records promise Uint8Array. */
function withBuffers(record: object, byteFields: readonly string[]): object {
  let copy: Record<string, unknown> | undefined;
  for (const name of byteFields) {
    const value: unknown = Reflect.get(record, name);
    if (!(value instanceof Uint8Array) || Buffer.isBuffer(value)) continue;
    copy ??= { ...record };
    copy[name] = asBuffer(value);
  }
  return copy ?? record;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function beginsWith(bytes: Uint8Array, header: Buffer): boolean {
  for (let at = 0; at < HEADER_BYTES; at += 1) if (bytes[at] !== header[at]) return false;
  return true;
}
