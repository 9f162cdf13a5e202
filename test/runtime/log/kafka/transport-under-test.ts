// What the transport's tests share: a connection without secrets, and the ways to ask.
import type { Admin, ITopicConfig } from 'kafkajs';
import { vi } from 'vitest';
import type { KafkaConnection } from '../../../../runtime/log/kafka/kafka-options.ts';

export function connectionTo(bootstrap: string): KafkaConnection {
  return {
    brokers: [bootstrap],
    clientId: 'studybridge-test',
    rack: undefined,
    tls: undefined,
    sasl: undefined,
    connectionTimeoutMs: 2_000,
    requestTimeoutMs: 10_000,
  };
}

export const NO_WAIT = { maxWaitMs: 10, minBytes: 1 } as const;

/** Makes topics, and waits until the broker knows them everywhere: its own answer comes earlier. */
export async function createTopics(admin: Admin, topics: readonly ITopicConfig[]): Promise<void> {
  await admin.createTopics({
    waitForLeaders: false,
    topics: topics.map((topic) => ({ replicationFactor: 1, ...topic })),
  });
  const names = topics.map(({ topic }) => topic);
  await vi.waitFor(async () => await admin.fetchTopicMetadata({ topics: names }), { timeout: 10_000 });
}
