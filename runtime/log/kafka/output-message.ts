// An entry as a message of kafkajs, on the partition where readers look for it.
import type { Entry } from '../../../schemas/record-entry.ts';
import { partitionFor } from './partitioner.ts';
import type { OutputMessage } from './task-producer.ts';
import type { KafkaNames } from './topic-names.ts';

export function outputMessage(entry: Entry, names: KafkaNames, partitions: number, nowMs: number): OutputMessage {
  const { topic, key, partitionKey, value, headers } = entry;
  let bytes = key.length + (value?.length ?? 0);
  for (const [name, text] of headers) bytes += name.length + text.length;
  return {
    topic: names.topic(topic),
    bytes,
    message: {
      key,
      value: value === null ? null : asBuffer(value),
      headers: Object.fromEntries(headers),
      partition: partitionFor(partitionKey, partitions),
      timestamp: String(nowMs),
    },
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
