// A record of a schema as bytes and as fields, kept so that every later release is seen to read it.
import avro from 'avsc';
import { topicCodec } from '../topic-codec.ts';

export interface WrittenRecord {
  /** Single-object encoding. */
  readonly hex: string;
  /** Bytes as base64. */
  readonly fields: unknown;
}

/** A random value of the schema, whole: every field has one. */
export function writtenRecord(text: string): WrittenRecord {
  const type = avro.Type.forSchema(JSON.parse(text), { wrapUnions: false });
  const value = type.fromString(type.toString(type.random()));
  const codec = topicCodec(text, []);
  const bytes = codec.encode(value, codec.singleObjectHeader);
  return { hex: Buffer.from(bytes).toString('hex'), fields: readableFields(value) };
}

export function readableFields(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, field) =>
      field?.type === 'Buffer' ? Buffer.from(field.data).toString('base64') : field,
    ),
  );
}
