// An entry as a message of a transfer: on the partition of its key, with the time it was appended first.
import type { Entry } from '../../../schemas/record-entry.ts';
import type { KafkaLayout } from '../kafka/kafka-options.ts';
import { partitionFor } from '../kafka/partitioner.ts';
import type { KafkaNames } from '../kafka/topic-names.ts';
import type { TransferMessage } from '../kafka/transfer-session.ts';

export function transferMessage(
  entry: Entry & { readonly appendedAtMs?: number },
  names: KafkaNames,
  layout: Pick<KafkaLayout, 'partitions'>,
): TransferMessage {
  const { topic, key, partitionKey, value, headers } = entry;
  return {
    topic: names.topic(topic),
    partition: partitionFor(partitionKey, layout.partitions),
    key,
    value: value === null ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength),
    headers,
    timestampMs: entry.appendedAtMs ?? Date.now(),
  };
}
