// Carries the records of the embedded log to Kafka, topic by topic, from where the cursor stands.
import type { TopicName } from '../../schemas/records.ts';
import type { RecordLog, StoredRecord } from '../contracts/record-log.ts';
import { topicNames } from '../log/kafka/topic-settings.ts';
import type { MigrationCursor } from './migration-cursor.ts';

/** One transaction: neither so small that commits are all the work, nor more than a broker takes in a request. */
const SLICE_RECORDS = 1_000;
const SLICE_BYTES = 4 * 1024 * 1024;

export interface RecordSlice {
  readonly topic: TopicName;
  readonly records: readonly StoredRecord[];
  /** Behind them. */
  readonly cursor: MigrationCursor;
}

export async function* recordSlices(
  embedded: RecordLog,
  cursor: MigrationCursor,
  signal: AbortSignal,
): AsyncGenerator<RecordSlice, void, undefined> {
  const topics = topicNames();
  const names: readonly string[] = topics;
  const begin = names.indexOf(cursor.topic);
  for (const [index, topic] of topics.entries()) {
    if (index < begin) continue;
    let held: StoredRecord[] = [];
    let bytes = 0;
    for await (const chunk of embedded.scan(topic, index === begin ? { fromOffset: cursor.next } : {}, signal)) {
      for (const record of chunk) {
        held.push(record);
        bytes += record.value?.length ?? 0;
        if (held.length < SLICE_RECORDS && bytes < SLICE_BYTES) continue;
        yield slice(topic, held);
        held = [];
        bytes = 0;
      }
    }
    if (held.length > 0) yield slice(topic, held);
  }
}

function slice(topic: TopicName, records: readonly StoredRecord[]): RecordSlice {
  const next = (records.at(-1)?.position.offset ?? -1n) + 1n;
  return { topic, records, cursor: { phase: 'records', topic, next, state: null } };
}
