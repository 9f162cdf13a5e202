// The topics that a migration fills: there, with the partitions of the layout, and empty.
import { EnvironmentError } from '../contracts/environment-error.ts';
import type { ClusterReader } from '../log/kafka/cluster-reader.ts';
import { kafkaErrorCode } from '../log/kafka/kafka-client.ts';
import type { KafkaLayout } from '../log/kafka/kafka-options.ts';
import { kafkaNames } from '../log/kafka/topic-names.ts';
import { topicNames } from '../log/kafka/topic-settings.ts';
import { CURSOR_TASK } from '../log/kafka/transfer-session.ts';

/** Rejects with `kafka.topics_missing`, `kafka.topics_differ` or `migration.topics_not_empty`. */
export async function assertEmptyTargets(
  reader: ClusterReader,
  { topicPrefix, partitions }: KafkaLayout,
  tasks: readonly { readonly name: string }[],
): Promise<void> {
  const names = kafkaNames(topicPrefix);
  const filled = [...topicNames().map((name) => names.topic(name)), ...tasks.map(({ name }) => names.changelog(name))];
  const cursors = names.changelog(CURSOR_TASK);
  const firsts = await offsetsOf(reader, [...filled, cursors], 'first');
  const ends = await offsetsOf(reader, [...filled, cursors], 'high');
  for (const topic of [...filled, cursors]) {
    const first = firsts.get(topic) ?? [];
    const end = ends.get(topic) ?? [];
    if (end.length !== partitions) {
      throw new EnvironmentError('kafka.topics_differ', `${topic} has ${end.length} partitions, not ${partitions}`);
    }
    if (topic !== cursors && end.some((offset, partition) => offset !== first[partition])) {
      throw new EnvironmentError('migration.topics_not_empty', `${topic} holds records already`);
    }
  }
}

async function offsetsOf(
  reader: ClusterReader,
  topics: readonly string[],
  which: 'first' | 'high',
): Promise<ReadonlyMap<string, readonly bigint[]>> {
  try {
    return await reader.offsets(topics, which);
  } catch (error) {
    if (kafkaErrorCode(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
    throw new EnvironmentError('kafka.topics_missing', 'not all topics exist on the cluster', { cause: error });
  }
}
