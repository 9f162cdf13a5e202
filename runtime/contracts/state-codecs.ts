// Codecs for the values of state stores.
import assert from 'node:assert/strict';
import { TextPacker, TextUnpacker } from './packed-text.ts';
import type { StateCodec } from './task.ts';

/** Values as JSON text. For plain values without `undefined`, bigint, Map or bytes; unknown fields of an older or newer version are kept. */
export function jsonCodec<V>(): StateCodec<V> {
  return {
    encode: (value) => Buffer.from(JSON.stringify(value)),
    decode: (bytes) => JSON.parse(textOf(bytes)),
  };
}

export interface PackedForm<V> {
  /** Below 128. A change of the form gets a new one, and `read` goes on reading the old. */
  readonly version: number;
  readonly write: (value: V, to: TextPacker) => void;
  readonly read: (from: TextUnpacker, version: number) => V;
}

/** For values that are read and written with each record: see `packed-text.ts`. */
export function packedCodec<V>({ version, write, read }: PackedForm<V>): StateCodec<V> {
  return {
    encode: (value) => {
      const packer = new TextPacker();
      write(value, packer);
      return packedBytes(version, packer.packed);
    },
    decode: (bytes) => {
      const head = bytes[0] ?? 0;
      const text = textOf(bytes, 1);
      const unpacker = new TextUnpacker((head & ESCAPED) === 0 ? text : parsedText(text));
      return read(unpacker, head & ~ESCAPED);
    },
  };
}

/** Beside the version: the text is a JSON literal, since UTF-8 cannot hold half a surrogate pair. */
const ESCAPED = 128;
const SURROGATE = /[\ud800-\udfff]/;
const HALF_A_PAIR = /\p{Surrogate}/u;
/** Most values fit: they are written here and copied once their length is known. */
const scratch = Buffer.allocUnsafeSlow(16 * 1024);

function packedBytes(version: number, packed: string): Uint8Array {
  // Without regard to pairs the search is several times as fast, and mostly finds nothing.
  const escaped = SURROGATE.test(packed) && HALF_A_PAIR.test(packed);
  const text = escaped ? JSON.stringify(packed) : packed;
  const head = escaped ? version | ESCAPED : version;
  if (1 + 3 * text.length > scratch.length) return Buffer.concat([Uint8Array.of(head), Buffer.from(text)]);
  scratch[0] = head;
  const length = 1 + scratch.write(text, 1, 'utf8');
  const bytes = Buffer.allocUnsafe(length);
  scratch.copy(bytes, 0, 0, length);
  return bytes;
}

function parsedText(literal: string): string {
  const text: unknown = JSON.parse(literal);
  assert(typeof text === 'string', 'an escaped value is a JSON string');
  return text;
}

export const textCodec: StateCodec<string> = {
  encode: (value) => Buffer.from(value),
  decode: (bytes) => textOf(bytes),
};

/** Whole numbers and fractions alike, as a big-endian double. */
export const numberCodec: StateCodec<number> = {
  encode: (value) => {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeDoubleBE(value);
    return bytes;
  },
  decode: (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat64(0),
};

/** Bytes as they are; what is read is a copy of its own. */
export const bytesCodec: StateCodec<Uint8Array> = {
  encode: (value) => value,
  decode: (bytes) => Uint8Array.from(bytes),
};

/** For stores that are sets: the key is all there is. */
export const presenceCodec: StateCodec<true> = {
  encode: () => PRESENT,
  decode: () => true,
};
const PRESENT = Uint8Array.of(1);

function textOf(bytes: Uint8Array, from = 0): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString('utf8', from);
}
