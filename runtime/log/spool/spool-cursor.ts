/**
 * How far the spool has forwarded, and whether the embedded log and the Kafka cluster agree on it.
 *
 * The truth stands on Kafka: the cursor is written in the transaction that holds the records. The embedded log keeps a
 * copy, written after each commit, so it may be behind and is never ahead. Anything else means that one side is not
 * what it was, and going on would forward records twice or not at all:
 *
 * | on Kafka | means |
 * |---|---|
 * | no cursor, though the copy says that records were forwarded | another cluster, or an emptied cursor topic |
 * | less than the copy | the cluster has lost what it had confirmed |
 * | more than the log holds, or another record before it | the data directory was restored from an older state |
 */
import type { TopicName } from '../../../schemas/records.ts';

/** What connectors append. */
export const SPOOLED_TOPICS = [
  'hl7.messages',
  'dicom.instances',
  'dead.letters',
] as const satisfies readonly TopicName[];
export type SpooledTopic = (typeof SPOOLED_TOPICS)[number];

/** Of the next record to forward: its embedded offset, and when the one before it was appended. */
export interface SpoolPlace {
  readonly next: bigint;
  readonly lastAppendedAtMs: number | null;
}

export type SpoolPlaces = ReadonlyMap<SpooledTopic, SpoolPlace>;

/** A topic as the embedded log has it. */
export interface EmbeddedStanding {
  /** The copy of the cursor. */
  readonly noted: bigint;
  readonly end: bigint;
  /** When the record before an offset was appended; undefined where it is not there any more. */
  readonly appendedBefore: (offset: bigint) => number | undefined;
}

export interface Contradiction {
  readonly code: 'spool.cursor_missing' | 'spool.cursor_behind' | 'spool.cursor_ahead';
  readonly topic: SpooledTopic;
  readonly embedded: bigint;
  /** -1: no cursor. */
  readonly cluster: bigint;
}

export function contradictionOf(
  topic: SpooledTopic,
  { noted, end, appendedBefore }: EmbeddedStanding,
  places: SpoolPlaces | undefined,
): Contradiction | undefined {
  if (places === undefined) {
    return noted === 0n ? undefined : { code: 'spool.cursor_missing', topic, embedded: noted, cluster: -1n };
  }
  const place = places.get(topic);
  const cluster = place?.next ?? 0n;
  if (cluster < noted) return { code: 'spool.cursor_behind', topic, embedded: noted, cluster };
  const before = appendedBefore(cluster);
  const another =
    before !== undefined && typeof place?.lastAppendedAtMs === 'number' && before !== place.lastAppendedAtMs;
  if (cluster > end || another) return { code: 'spool.cursor_ahead', topic, embedded: end, cluster };
  return undefined;
}

const VERSION = 1;

export function cursorBytes(places: SpoolPlaces): Buffer {
  const rows = [...places].map(([topic, { next, lastAppendedAtMs }]) => [topic, String(next), lastAppendedAtMs]);
  return Buffer.from(JSON.stringify({ version: VERSION, places: rows }));
}

/** Throws a TypeError on bytes that no version of the spool wrote. */
export function cursorOf(bytes: Buffer): SpoolPlaces {
  const read: unknown = JSON.parse(bytes.toString());
  const rows = isObject(read) && read['version'] === VERSION ? read['places'] : undefined;
  if (!Array.isArray(rows)) throw new TypeError('a cursor of the spool has an unknown form');
  const places = new Map<SpooledTopic, SpoolPlace>();
  for (const row of rows) {
    const [name, next, lastAppendedAtMs]: readonly unknown[] = Array.isArray(row) ? row : [];
    const topic = SPOOLED_TOPICS.find((known) => known === name);
    if (topic === undefined || typeof next !== 'string')
      throw new TypeError('a cursor of the spool has an unknown form');
    places.set(topic, {
      next: BigInt(next),
      lastAppendedAtMs: typeof lastAppendedAtMs === 'number' ? lastAppendedAtMs : null,
    });
  }
  return places;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
