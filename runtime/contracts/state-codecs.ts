// Codecs for the values of state stores.
import type { StateCodec } from './task.ts';

/** Values as JSON text. For plain values without `undefined`, bigint, Map or bytes; unknown fields of an older or newer version are kept. */
export function jsonCodec<V>(): StateCodec<V> {
  return {
    encode: (value) => Buffer.from(JSON.stringify(value)),
    decode: (bytes) => JSON.parse(textOf(bytes)),
  };
}

export const textCodec: StateCodec<string> = {
  encode: (value) => Buffer.from(value),
  decode: textOf,
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

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
