// A fetched record as the bridge knows records: key and headers as text, the position under the topic's own name.
import type { Position } from '../../../schemas/record-entry.ts';
import type { TopicName } from '../../../schemas/records.ts';
import { TOPICS } from '../../../schemas/topics.ts';
import type { StoredRecord } from '../../contracts/record-log.ts';
import type { FetchedRecord } from './record-batches.ts';

/** `topic` without the prefix. A record of another producer may have no key: then it has the empty one. */
export function storedRecord(fetched: FetchedRecord, topic: TopicName, partition: number): StoredRecord {
  const key = fetched.key?.toString('utf8') ?? '';
  const position: Position = { topic, partition, offset: fetched.offset };
  return {
    topic,
    key,
    partitionKey: partitionKeyOf(topic, key),
    value: fetched.value,
    headers: fetched.headers,
    position,
    appendedAtMs: fetched.timestampMs,
  };
}

/** What decides on the partition, found again in the key: the site is before the first slash. */
export function partitionKeyOf(topic: TopicName, key: string): string {
  if (TOPICS[topic].partitionBy === 'key') return key;
  const slash = key.indexOf('/');
  return slash === -1 ? key : key.slice(0, slash);
}
