// Makes the ids by which a message is traced: 16 hex digits, random, from a pool, since one call to the system an id is dear.
import { randomFillSync } from 'node:crypto';

const ID_BYTES = 8;
const POOL_BYTES = 4096;

export function createTraceIds(): () => string {
  const pool = Buffer.allocUnsafe(POOL_BYTES);
  let used = POOL_BYTES;
  return () => {
    if (used >= POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    used += ID_BYTES;
    return pool.toString('hex', used - ID_BYTES, used);
  };
}
