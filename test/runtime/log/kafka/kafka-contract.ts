// The contract suites on a Kafka log.
import type { SharedBroker } from '../../../kafka/broker.ts';
import { recordLogContract } from '../record-log-contract.ts';
import { taskContract } from '../task-contract.ts';
import { openTemporaryKafkaLog } from './temporary-kafka-log.ts';

/** The tasks of the contract. */
const TASKS = ['counter', 'copy', 'refuser', 'snapshots', 'ranger', 'timed', 'upstream', 'quiet'];
const TASKS_WITH_EFFECTS = ['sender', 'poller', 'failing'];

export function kafkaContract(name: string, broker: SharedBroker): void {
  recordLogContract(name, async () => await openTemporaryKafkaLog({ brokers: [broker.bootstrap] }));
  taskContract(
    name,
    async () =>
      await openTemporaryKafkaLog({ brokers: [broker.bootstrap], changelogs: [...TASKS, ...TASKS_WITH_EFFECTS] }),
  );
}
