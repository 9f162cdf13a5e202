// What committed outputs must be: none lost, none doubled, none out of order per key, the same for every reader.
import type { TopicName } from '../../../schemas/records.ts';
import { type CommittedRecord, inspected, isSame, placeOf } from './committed-reader.ts';

/** Outputs of tasks; each key's records carry a revision. */
export const OBSERVED_TOPICS = ['study.images', 'studies', 'cloud.requests', 'cloud.deliveries'] as const;

/** Of these each commit that changes a key writes the next revision: a gap is a lost output. */
const GAPLESS: readonly TopicName[] = ['study.images', 'studies'];

/**
 * Invariant 2. A task that was processed twice, or committed twice, writes a revision again; one whose output was lost
 * leaves a gap; two owners at once do both.
 */
export function outputFaults(topic: TopicName, records: readonly CommittedRecord[]): readonly string[] {
  const faults: string[] = [];
  const last = new Map<string, number>();
  for (const record of records) {
    const [shown] = inspected(topic, [record]);
    if (shown === undefined) continue;
    const [what, number] = countedBy(topic, record.key, shown.record);
    const before = last.get(what) ?? 0;
    const gap = GAPLESS.includes(topic) && number > before + 1;
    if (number <= before || gap) faults.push(`${shown.position}: ${number} after ${before} of ${what}`);
    last.set(what, Math.max(number, before));
  }
  return faults;
}

/** What grows with each record: of a delivery its attempts, of everything else the key's revision. */
function countedBy(
  topic: TopicName,
  key: string,
  record: Readonly<Record<string, unknown>>,
): readonly [what: string, number: number] {
  if (topic === 'cloud.deliveries') {
    const { kind, reportId, revision, requestId, outcome, attempts } = record;
    // One that was superseded before its first attempt has none.
    return [JSON.stringify([key, kind, reportId, revision, requestId, outcome]), Number(attempts) + 1];
  }
  return [key, Number(record['revision'])];
}

/** What was read as committed beside the faults is what stands in the topic at the end: nothing more, nothing less. */
export function readingFaults(
  topic: TopicName,
  beside: readonly CommittedRecord[],
  atTheEnd: readonly CommittedRecord[],
): readonly string[] {
  const faults: string[] = [];
  const standing = new Map(atTheEnd.map((record) => [placeOf(record), record]));
  const next = new Map<number, number>();
  for (const record of beside) {
    const found = standing.get(placeOf(record));
    if (found === undefined) faults.push(`${topic}/${placeOf(record)} was read as committed and is gone`);
    else if (!isSame(found, record)) faults.push(`${topic}/${placeOf(record)} was read with another value`);
    if (record.offset < (next.get(record.partition) ?? 0)) faults.push(`${topic}/${placeOf(record)} was read again`);
    next.set(record.partition, record.offset + 1);
  }
  const read = new Set(beside.map(placeOf));
  for (const place of standing.keys()) if (!read.has(place)) faults.push(`${topic}/${place} was never read beside`);
  return faults;
}
