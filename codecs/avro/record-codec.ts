// Records as Avro bytes, and as entries ready to append.
import { hash } from 'node:crypto';
import { failed, type Result, succeeded } from '../../schemas/failure.ts';
import { PAST_SCHEMA_TEXTS } from '../../schemas/past-versions.ts';
import type { Entry, HeaderName } from '../../schemas/record-entry.ts';
import { SCHEMA_TEXTS, type TopicName, type TopicRecords } from '../../schemas/records.ts';
import { recordKey, TOPICS } from '../../schemas/topics.ts';
import { SINGLE_OBJECT_HEADER_BYTES, type TopicCodec, topicCodec } from './topic-codec.ts';
import { isWireFormat, WIRE_HEADER_BYTES, type WireFormat, type WireIds, wireFormat } from './wire-format.ts';

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

/** The codec without a schema registry. */
export function singleObjectCodec(): RecordCodec {
  return recordCodec({});
}

/**
 * Reads single-object encoding (C3 01, CRC-64-AVRO of the schema, body) of the current schema and of every released
 * one, and Confluent's wire format (0, schema id, body) of the ids that `ids` knows. Writes the wire format with `ids`,
 * else single-object encoding.
 *
 * Sources: Apache Avro 1.12 specification, "Single-object encoding"; Confluent Schema Registry, "Wire format".
 */
export function recordCodec({ ids }: { readonly ids?: WireIds }): RecordCodec {
  const topics = new Map<string, TopicForms>();
  const pastTexts: ReadonlyMap<string, readonly string[]> = new Map(Object.entries(PAST_SCHEMA_TEXTS));
  for (const [topic, text] of Object.entries(SCHEMA_TEXTS)) {
    const codec = topicCodec(text, pastTexts.get(topic) ?? []);
    topics.set(topic, { codec, wire: ids === undefined ? undefined : wireFormat(codec, ids, topic) });
  }
  const formsOf = (topic: TopicName): TopicForms => {
    const forms = topics.get(topic);
    if (forms === undefined) throw new TypeError(`no schema for topic ${topic}`);
    return forms;
  };
  const encode: RecordCodec['encode'] = (topic, record) => {
    const { codec, wire } = formsOf(topic);
    return codec.encode(record, wire?.header ?? codec.singleObjectHeader);
  };
  return {
    encode,
    decode: (topic, bytes) => {
      const { codec, wire } = formsOf(topic);
      const withId = isWireFormat(bytes);
      const reader = withId ? wire?.reader(bytes) : codec.singleObject(bytes);
      if (reader === undefined) {
        return failed('avro.unknown_schema', `a record of ${topic} begins with no schema known here`);
      }
      const from = withId ? WIRE_HEADER_BYTES : SINGLE_OBJECT_HEADER_BYTES;
      if (!reader.withinBounds(bytes, from)) {
        return failed('avro.undecodable', `a record of ${topic} does not keep within its bytes`);
      }
      const decoded = codec.decode(bytes, from, reader);
      return decoded === undefined
        ? failed('avro.undecodable', `a record of ${topic} does not match its schema`)
        : succeeded(decoded.value);
    },
    entry: (topic, record, lineage) => {
      const key = recordKey(topic, record);
      const value = encode(topic, record);
      const headers = new Map<HeaderName, string>([
        ['schema', formsOf(topic).codec.name],
        ['site', record.site],
        ['trace', lineage.trace],
        ['content-hash', hash('sha256', value, 'hex')],
      ]);
      if (lineage.causation !== undefined) headers.set('causation', lineage.causation);
      return { topic, key, partitionKey: TOPICS[topic].partitionBy === 'site' ? record.site : key, value, headers };
    },
  };
}

interface TopicForms {
  readonly codec: TopicCodec;
  readonly wire: WireFormat | undefined;
}
