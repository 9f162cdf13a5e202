// gzip, with the bound that kafkajs' own codec lacks.
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { BATCH_BYTES_MAX, CompressedBytesWrong } from './growing-output.ts';

const gzipped = promisify<Buffer, Buffer>(gzip);
const gunzipped = promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip);

export async function compressGzip(bytes: Buffer): Promise<Buffer> {
  return await gzipped(bytes);
}

export async function decompressGzip(bytes: Buffer, bytesMax: number = BATCH_BYTES_MAX): Promise<Buffer> {
  try {
    return await gunzipped(bytes, { maxOutputLength: bytesMax });
  } catch (error) {
    throw new CompressedBytesWrong(exceeds(error) ? 'BATCH_TOO_LARGE' : 'CORRUPT_MESSAGE', { cause: error });
  }
}

/** What zlib rejects with when the output would be larger than allowed. */
export function exceeds(error: unknown): boolean {
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}
