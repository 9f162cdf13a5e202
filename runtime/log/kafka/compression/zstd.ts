/**
 * Zstandard: by Node where it has it (22.15 and later), else by WebAssembly.
 *
 * The WebAssembly build takes the size of its output beforehand. Java's writer streams and leaves the size out of the
 * frame, so the room is doubled until it suffices; a size that the frame names is believed only within the bound.
 */
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { compress, decompress, init } from '@bokuweb/zstd-wasm';
import { BATCH_BYTES_MAX, CompressedBytesWrong } from './growing-output.ts';
import { exceeds } from './gzip.ts';

type Callback = (error: Error | null, result: Buffer) => void;
interface NativeZstd {
  readonly zstdCompress: (bytes: Buffer, callback: Callback) => void;
  readonly zstdDecompress: (bytes: Buffer, options: { maxOutputLength: number }, callback: Callback) => void;
}
interface Zstd {
  compress(bytes: Buffer): Promise<Buffer>;
  decompress(bytes: Buffer, bytesMax: number): Promise<Buffer>;
}

const FRAME_MAGIC = 0xfd2fb528;
const SINGLE_SEGMENT = 0x20;
const FIRST_ROOM_BYTES = 256 * 1_024;

export async function compressZstd(bytes: Buffer): Promise<Buffer> {
  return await zstd.compress(bytes);
}

export async function decompressZstd(bytes: Buffer, bytesMax: number = BATCH_BYTES_MAX): Promise<Buffer> {
  return await zstd.decompress(bytes, bytesMax);
}

/** For tests: the fallback, whatever Node offers. */
export function zstdByWebAssembly(): Zstd {
  let ready: Promise<void> | undefined;
  return {
    compress: async (bytes) => {
      ready ??= init();
      await ready;
      return Buffer.from(compress(bytes));
    },
    decompress: async (bytes, bytesMax) => {
      ready ??= init();
      await ready;
      return decompressInRoom(bytes, bytesMax);
    },
  };
}

const zstd = hasZstd(zlib) ? zstdByNode(zlib) : zstdByWebAssembly();

function zstdByNode(native: NativeZstd): Zstd {
  const compressed = promisify<Buffer, Buffer>(native.zstdCompress);
  const decompressed = promisify<Buffer, { maxOutputLength: number }, Buffer>(native.zstdDecompress);
  return {
    compress: compressed,
    decompress: async (bytes, bytesMax) => {
      try {
        return await decompressed(bytes, { maxOutputLength: bytesMax });
      } catch (error) {
        throw new CompressedBytesWrong(exceeds(error) ? 'BATCH_TOO_LARGE' : 'CORRUPT_MESSAGE', { cause: error });
      }
    },
  };
}

function decompressInRoom(bytes: Buffer, bytesMax: number): Buffer {
  const named = contentSize(bytes);
  if (named !== undefined && named > bytesMax) throw new CompressedBytesWrong('BATCH_TOO_LARGE');
  let room = named ?? Math.min(bytesMax, Math.max(FIRST_ROOM_BYTES, bytes.length * 4));
  for (;;) {
    try {
      const result = decompress(bytes, { defaultHeapSize: room });
      return Buffer.from(result.buffer, result.byteOffset, result.byteLength);
    } catch (error) {
      // The build does not say whether the room or the bytes were wrong: with room to the bound it is the bytes.
      if (named !== undefined) throw new CompressedBytesWrong('CORRUPT_MESSAGE', { cause: error });
      if (room >= bytesMax) throw new CompressedBytesWrong('BATCH_TOO_LARGE', { cause: error });
      room = Math.min(bytesMax, room * 4);
    }
  }
}

/** What the frame's header says of the size of its content. Source: RFC 8878, section 3.1.1.1. */
function contentSize(bytes: Buffer): number | undefined {
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== FRAME_MAGIC) throw new CompressedBytesWrong('CORRUPT_MESSAGE');
  const descriptor = bytes.readUInt8(4);
  const single = (descriptor & SINGLE_SEGMENT) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const at = 5 + (single ? 0 : 1) + dictionaryBytes;
  const code = descriptor >>> 6;
  if (code === 0 && !single) return undefined;
  const sizeBytes = 2 ** code;
  if (at + sizeBytes > bytes.length) throw new CompressedBytesWrong('CORRUPT_MESSAGE');
  switch (code) {
    case 0:
      return bytes.readUInt8(at);
    case 1:
      return bytes.readUInt16LE(at) + 256;
    case 2:
      return bytes.readUInt32LE(at);
    default:
      return Number(bytes.readBigUInt64LE(at));
  }
}

function hasZstd(module: object): module is NativeZstd {
  return 'zstdCompress' in module && 'zstdDecompress' in module;
}
