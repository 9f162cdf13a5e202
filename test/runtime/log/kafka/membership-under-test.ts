// A group that shares two topics of eight partitions, with short times.
import type { MembershipOptions } from '../../../../runtime/log/kafka/membership.ts';
import { connectionTo } from './transport-under-test.ts';

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
    connection: connectionTo(bootstrap),
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
