// A broker that is killed and comes back under a group: its members keep what they have.
import { Kafka, logLevel } from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { silentTelemetry } from '../../../../runtime/contracts/telemetry.ts';
import { createMembership } from '../../../../runtime/log/kafka/membership.ts';
import { ownBrokersAvailable } from '../../../kafka/broker.ts';
import { ownBroker } from '../../../kafka/own-broker.ts';
import { signal, until } from '../log-under-test.ts';
import { GROUP_PARTITIONS, groupTopics, membershipOptions } from './membership-under-test.ts';
import { createTopics } from './transport-under-test.ts';

const available = await ownBrokersAvailable();

describe.skipIf(!available)('memberships whose broker is away', () => {
  test.each(['kill', 'stop'] as const)('go on with the same partitions when it is back after a %s', async (how) => {
    await using broker = await ownBroker();
    const admin = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const topics = groupTopics('outage.').map((topic) => ({ topic, numPartitions: GROUP_PARTITIONS }));
    await createTopics(admin, topics);
    await admin.disconnect();
    const failures: Error[] = [];
    const assigned: string[] = [];
    const join = (name: string) =>
      createMembership({
        ...membershipOptions(broker.bootstrap, 'outage.'),
        telemetry: silentTelemetry,
        assigned: (partitions) => assigned.push(`${name}: ${[...partitions].join(', ')}`),
        failed: (error) => failures.push(error),
      });
    await using one = join('one');
    await using two = join('two');
    await Promise.all([one.start(signal), two.start(signal)]);
    await until(() => one.partitions.size === 4 && two.partitions.size === 4, 'the partitions are shared');
    const before = new Set(assigned.slice(-2));
    await (how === 'kill' ? broker.kill() : broker.stop());
    await broker.start();
    await Promise.all([one.heartbeats(2, signal), two.heartbeats(2, signal)]);
    // Members that had to join again were told the same once more.
    expect(new Set(assigned.slice(-2))).toEqual(before);
    expect(failures).toEqual([]);
  });
});
