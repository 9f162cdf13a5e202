// The names on the Kafka cluster: the prefix of this bridge before each topic, group and transactional id.

export interface KafkaNames {
  readonly prefix: string;
  /** The name on the cluster of a topic of `schemas/topics.ts`. */
  topic(name: string): string;
  /** The name without the prefix; undefined for a topic that is not this bridge's. */
  logical(fullName: string): string | undefined;
  changelog(task: string): string;
  /** Of the consumer group that shares the task's partitions. */
  group(task: string): string;
  /** One a task and partition: a new owner's first transaction fences the old one by it. */
  transactionalId(task: string, partition: number): string;
}

export function kafkaNames(topicPrefix: string): KafkaNames {
  return {
    prefix: topicPrefix,
    topic: (name) => `${topicPrefix}${name}`,
    logical: (fullName) => (fullName.startsWith(topicPrefix) ? fullName.slice(topicPrefix.length) : undefined),
    changelog: (task) => `${topicPrefix}${task}.changelog`,
    group: (task) => `${topicPrefix}${task}`,
    transactionalId: (task, partition) => `${topicPrefix}${task}-${partition}`,
  };
}
