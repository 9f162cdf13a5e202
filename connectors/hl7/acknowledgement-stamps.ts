// Gives each answer its time and its own control id.
import { randomBytes } from 'node:crypto';
import type { AcknowledgementStamp } from '../../codecs/hl7/acknowledgement.ts';
import type { Clock } from '../../runtime/contracts/clock.ts';

/** Control ids are unique over restarts, and within the 20 characters of version 2.3. */
export function createAcknowledgementStamps(clock: Clock): () => AcknowledgementStamp {
  const prefix = randomBytes(5).toString('hex').toUpperCase();
  let count = 0;
  let second = Number.NaN;
  let timestamp = '';
  return () => {
    const now = Math.floor(clock.nowMs() / 1000);
    if (now !== second) {
      second = now;
      timestamp = `${new Date(now * 1000).toISOString().slice(0, 19).replace(/[-:T]/g, '')}+0000`;
    }
    count += 1;
    return { timestamp, controlId: prefix + count.toString(36).toUpperCase() };
  };
}
