// The object that the tests store, and what lets a session go on without waiting for time.
import { EXPLICIT, SAMPLE, sampleObject } from '../../codecs/dicom/data-set-builder.ts';
import { commandPdu, dataSetPdus } from '../../codecs/dicom/pdu-builder.ts';
import type { ManualClock } from '../../runtime/log/manual-clock.ts';

export const STORE = { sopClassUid: SAMPLE.sopClassUid, sopInstanceUid: SAMPLE.sopInstanceUid };
export const OBJECT = sampleObject(EXPLICIT);

export function storeBytes(contextId: number, dataSet: Uint8Array, messageId = 1): Buffer {
  return Buffer.concat([commandPdu(contextId, { ...STORE, messageId }), dataSetPdus(contextId, dataSet)]);
}

/** Lets everything that is ready happen: sockets included, without waiting for time. */
export async function quiet(rounds = 50): Promise<void> {
  for (let round = 0; round < rounds; round += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Moves the clock tick by tick until the promise settles. */
export async function advanceUntil<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  let settled = false;
  const done = promise.finally(() => {
    settled = true;
  });
  while (!settled) {
    clock.advance(100);
    await quiet(3);
  }
  return done;
}
