// A group that shares two topics of eight partitions, with short times.
import type { MembershipOptions } from '../../../../runtime/log/kafka/membership.ts';

export const GROUP_PARTITIONS = 8;
export const SESSION_TIMEOUT_MS = 6_000;

export function groupTopics(prefix: string): readonly string[] {
  return [`${prefix}left`, `${prefix}right`];
}

export function membershipOptions(
  bootstrap: string,
  prefix: string,
): Pick<MembershipOptions, 'connection' | 'tuning' | 'task' | 'group' | 'topics' | 'partitions'> {
  return {
    // Written out: a process of its own takes this file along, and must not load the test runner with it.
    connection: {
      brokers: [bootstrap],
      clientId: 'studybridge-test',
      rack: undefined,
      tls: undefined,
      sasl: undefined,
      connectionTimeoutMs: 2_000,
      requestTimeoutMs: 10_000,
    },
    tuning: {
      compression: 'none',
      appendTimeoutMs: 5_000,
      transactionTimeoutMs: 15_000,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      rebalanceTimeoutMs: 6_000,
      heartbeatIntervalMs: 500,
      fetchStalledMs: 60_000,
    },
    task: 'task',
    group: `${prefix}task`,
    topics: groupTopics(prefix),
    partitions: GROUP_PARTITIONS,
  };
}
