// The codec of one topic: writes with one schema, reads with every schema it can resolve to its own.
import avro from 'avsc';
import { type BodyBounds, bodyBounds } from './body-bounds.ts';
import { crc64Avro } from './fingerprint.ts';
import { canonicalForm, writerSchema } from './writer-schema.ts';

/** C3 01 and the fingerprint. */
export const SINGLE_OBJECT_HEADER_BYTES = 10;
const SINGLE_OBJECT_MARKER = Buffer.from([0xc3, 0x01]);

/** A record is written here first, because its length is known only then; one that is longer is written twice. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024);

/** How bodies of one writer's schema are read. */
export interface BodyReader {
  readonly withinBounds: BodyBounds;
  /** Undefined when writer and reader have the same schema. */
  readonly resolver: ReturnType<avro.Type['createResolver']> | undefined;
}

interface SingleObjectReader {
  readonly header: Buffer;
  readonly reader: BodyReader;
}

export interface TopicCodec {
  /** `studybridge.Hl7Message:` and the fingerprint. */
  readonly name: string;
  /** What records begin with when there is no registry. */
  readonly singleObjectHeader: Buffer;
  encode(record: object, header: Uint8Array): Uint8Array;
  /** How bytes in single-object encoding are read, of whichever version; undefined when they begin with none known. */
  singleObject(bytes: Uint8Array): BodyReader | undefined;
  /** A reader of bodies written with a schema from outside; undefined when it is no schema or cannot be resolved. */
  readerOf(writerText: string): BodyReader | undefined;
  /** Undefined when the body, which begins at `from` and keeps within its bounds, does not match. */
  decode(bytes: Uint8Array, from: number, reader: BodyReader): ReturnType<avro.Type['decode']> | undefined;
}

/** `pastTexts` are the schemas of released versions, in any order. Throws on one that cannot be read any more. */
export function topicCodec(text: string, pastTexts: readonly string[]): TopicCodec {
  const type = avro.Type.forSchema(JSON.parse(text), { wrapUnions: false });
  const canonical = canonicalForm(type);
  const byteFields = byteFieldsOf(text);
  const readers = singleObjectReaders(type, pastTexts);
  const [current] = readers;
  return {
    name: `${type.name}:${crc64Avro(canonical).toString('hex')}`,
    singleObjectHeader: current.header,
    encode: (record, header) => encode(type, withBuffers(record, byteFields), header),
    singleObject: (bytes) => {
      for (const { header, reader } of readers) if (beginsWith(bytes, header)) return reader;
      return undefined;
    },
    readerOf: (writerText) => {
      const writer = writerSchema(writerText);
      if (writer === undefined) return undefined;
      if (canonicalForm(writer) === canonical) return current.reader;
      try {
        return { withinBounds: bodyBounds(writer), resolver: type.createResolver(writer) };
      } catch {
        // It cannot be read as ours, or not within bounds: the caller says so.
        return undefined;
      }
    },
    decode: (bytes, from, { resolver }) => {
      try {
        const decoded = type.decode(asBuffer(bytes), from, resolver);
        return decoded.offset === bytes.length ? decoded : undefined;
      } catch {
        // avsc's message may quote the data; the caller's code says enough.
        return undefined;
      }
    },
  };
}

/** The current version first. Two versions may differ in defaults only, and then write the same bytes. */
function singleObjectReaders(
  type: avro.Type,
  pastTexts: readonly string[],
): readonly [SingleObjectReader, ...SingleObjectReader[]] {
  const current = { header: headerOf(type), reader: { withinBounds: bodyBounds(type), resolver: undefined } };
  const past = new Map<string, SingleObjectReader>();
  for (const text of pastTexts) {
    const writer = avro.Type.forSchema(JSON.parse(text), { wrapUnions: false });
    const header = headerOf(writer);
    if (header.equals(current.header)) continue;
    const reader = { withinBounds: bodyBounds(writer), resolver: type.createResolver(writer) };
    past.set(header.toString('hex'), { header, reader });
  }
  return [current, ...past.values()];
}

function headerOf(type: avro.Type): Buffer {
  return Buffer.concat([SINGLE_OBJECT_MARKER, crc64Avro(canonicalForm(type))]);
}

function encode(type: avro.Type, value: object, header: Uint8Array): Uint8Array {
  const end = type.encode(value, scratch, header.length);
  // Negative: how many bytes it lacked.
  const bytes = Buffer.allocUnsafeSlow(end > 0 ? end : scratch.length - end);
  if (end > 0) bytes.set(scratch.subarray(0, end));
  else type.encode(value, bytes, header.length);
  bytes.set(header);
  return bytes;
}

/** Fields at the top of the record that hold bytes. */
function byteFieldsOf(text: string): string[] {
  const schema: { readonly fields: readonly { readonly name: string; readonly type: unknown }[] } = JSON.parse(text);
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
  for (let at = 0; at < SINGLE_OBJECT_HEADER_BYTES; at += 1) if (bytes[at] !== header[at]) return false;
  return true;
}
