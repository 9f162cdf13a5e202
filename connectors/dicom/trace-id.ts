// Trace ids: 16 random hex digits, cut from a pool since one is needed for every object.
import { randomFillSync } from 'node:crypto';

const ID_BYTES = 8;
const pool = Buffer.alloc(512 * ID_BYTES);
let at = pool.length;

export function traceId(): string {
  if (at === pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  at += ID_BYTES;
  return pool.toString('hex', at - ID_BYTES, at);
}
