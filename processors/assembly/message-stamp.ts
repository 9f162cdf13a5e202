// Where a message stands among those of its hospital, as text that sorts.
import type { Hl7Message } from '../../schemas/records.ts';
import { inSiteTime } from '../mapping/site-time.ts';
import { orderText, parseTimestamp } from '../mapping/timestamp.ts';

/** 14 digits, a point, and as many of the fraction as HL7 allows. */
const TIME_LENGTH = 19;

/** By MSH-7 in the site's own time, then by control id. A message without a time stands where it was received. */
export function messageStamp(message: Hl7Message, timezone: string): string {
  const { messageDateTime, controlId, receivedAtMs } = message;
  const sent = parseTimestamp(messageDateTime) ?? parseTimestamp(new Date(receivedAtMs).toISOString());
  const time = sent === undefined ? '' : orderText(inSiteTime(sent, timezone));
  return `${time.includes('.') ? time.padEnd(TIME_LENGTH, '0') : `${time}.`.padEnd(TIME_LENGTH, '0')} ${controlId}`;
}
