// Confluent's wire format of one topic: 0, the id of the writer's schema, the body.
import type { BodyReader, TopicCodec } from './topic-codec.ts';

/** What a schema registry has told so far. */
export interface WireIds {
  /** The id that records of the topic are written with; undefined: they are written in single-object encoding. */
  written(topic: string): number | undefined;
  /** Text of a schema; undefined when the id is not known. */
  text(id: number): string | undefined;
}

export interface WireFormat {
  /** What records are written with; undefined: not in this format. */
  readonly header: Uint8Array | undefined;
  /** How bytes that begin with an id are read; undefined when the id is unknown, or its schema cannot be read as ours. */
  reader(bytes: Uint8Array): BodyReader | undefined;
}

/** 0 and four bytes, big-endian. */
export const WIRE_HEADER_BYTES = 5;

/** Source: Confluent Schema Registry, "Wire format". */
export function wireFormat(codec: TopicCodec, ids: WireIds, topic: string): WireFormat {
  // As many entries as `ids` knows, which is bounded there.
  const readers = new Map<number, BodyReader | undefined>();
  const written = ids.written(topic);
  return {
    header: written === undefined ? undefined : wireHeader(written),
    reader: (bytes) => {
      const id = wireId(bytes);
      if (readers.has(id)) return readers.get(id);
      const text = ids.text(id);
      // Not remembered: it may be learned before the next record.
      if (text === undefined) return undefined;
      const reader = codec.readerOf(text);
      readers.set(id, reader);
      return reader;
    },
  };
}

export function isWireFormat(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes.length >= WIRE_HEADER_BYTES;
}

/** Of bytes in wire format. Not negative: ids are signed, but no registry gives one below 1. */
export function wireId(bytes: Uint8Array): number {
  return (((bytes[1] ?? 0) << 24) | ((bytes[2] ?? 0) << 16) | ((bytes[3] ?? 0) << 8) | (bytes[4] ?? 0)) >>> 0;
}

function wireHeader(id: number): Uint8Array {
  const header = Buffer.alloc(WIRE_HEADER_BYTES);
  header.writeUInt32BE(id, 1);
  return header;
}
