// The compressions of a record batch, by their number in the protocol; registered with kafkajs for what it writes.
import kafkajs, { CompressionTypes } from 'kafkajs';
import { compressGzip, decompressGzip } from './compression/gzip.ts';
import { compressLz4, decompressLz4 } from './compression/lz4.ts';
import { compressSnappy, decompressSnappy } from './compression/snappy.ts';
import { compressZstd, decompressZstd } from './compression/zstd.ts';
import type { CompressionName } from './kafka-options.ts';
import { BatchUnreadable } from './record-batches.ts';

interface Codec {
  compress(bytes: Buffer): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

const gzip: Codec = { compress: compressGzip, decompress: (bytes) => decompressGzip(bytes) };
const snappy: Codec = {
  compress: async (bytes) => compressSnappy(bytes),
  decompress: async (bytes) => decompressSnappy(bytes),
};
const lz4: Codec = { compress: async (bytes) => compressLz4(bytes), decompress: async (bytes) => decompressLz4(bytes) };
const zstd: Codec = { compress: compressZstd, decompress: (bytes) => decompressZstd(bytes) };

const BY_NUMBER: ReadonlyMap<number, Codec> = new Map([
  [CompressionTypes.GZIP, gzip],
  [CompressionTypes.Snappy, snappy],
  [CompressionTypes.LZ4, lz4],
  [CompressionTypes.ZSTD, zstd],
]);

/** What kafkajs calls a compression. */
export const COMPRESSION_TYPES: Readonly<Record<CompressionName, CompressionTypes>> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};

export function compressionType(name: CompressionName): CompressionTypes {
  return COMPRESSION_TYPES[name];
}

/** The records of a batch, compressed; by kafkajs' number. */
export async function compressed(compression: number, payload: Buffer): Promise<Buffer> {
  if (compression === 0) return payload;
  return await codecOf(compression).compress(payload);
}

/** The records of a batch, decompressed; nought is "not compressed". */
export async function decompressed(compression: number, payload: Buffer): Promise<Buffer> {
  if (compression === 0) return payload;
  return await codecOf(compression).decompress(payload);
}

/** kafkajs keeps its codecs for the whole process. Its own gzip is replaced too: it bounds nothing. */
export function registerCompressionCodecs(): void {
  // Node finds only some of the names that kafkajs exports; this one hangs on the whole module alone.
  const { CompressionCodecs } = kafkajs;
  CompressionCodecs[CompressionTypes.GZIP] = () => forKafkaJs(gzip);
  CompressionCodecs[CompressionTypes.Snappy] = () => forKafkaJs(snappy);
  CompressionCodecs[CompressionTypes.LZ4] = () => forKafkaJs(lz4);
  CompressionCodecs[CompressionTypes.ZSTD] = () => forKafkaJs(zstd);
}

function codecOf(compression: number): Codec {
  const codec = BY_NUMBER.get(compression);
  if (codec === undefined) throw new BatchUnreadable('UNSUPPORTED_FOR_MESSAGE_FORMAT');
  return codec;
}

/** kafkajs hands over its encoder, which has the bytes. */
function forKafkaJs({ compress, decompress }: Codec) {
  return { compress: (encoder: { readonly buffer: Buffer }) => compress(encoder.buffer), decompress };
}
