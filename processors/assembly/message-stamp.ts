// Where a message stands among those of its hospital, as text that sorts.
import type { Hl7Message } from '../../schemas/records.ts';

const TIME = /^(\d{8,14})(?:\.(\d{1,4}))?/;

/**
 * By MSH-7, then by control id. A zone is not looked at: the clocks of one hospital stand in one zone, and half of its
 * systems write none. A message without a time stands where it was received.
 */
export function messageStamp({ messageDateTime, controlId, receivedAtMs }: Hl7Message): string {
  const [, time, fraction = ''] = TIME.exec(messageDateTime) ?? [];
  const sortable = time === undefined ? receivedTime(receivedAtMs) : time.padEnd(14, '0') + fraction.padEnd(4, '0');
  return `${sortable} ${controlId}`;
}

/** Most hospitals this serves are in one zone; an error of hours matters only among messages that name no time. */
const ASSUMED_OFFSET_MS = 8 * 3_600_000;

function receivedTime(atMs: number): string {
  return new Date(atMs + ASSUMED_OFFSET_MS).toISOString().replace(/\D/g, '').padEnd(18, '0');
}
