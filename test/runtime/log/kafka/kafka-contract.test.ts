// The contract on a real Kafka broker.
import { describe } from 'vitest';
import { kafkaBroker } from '../../../kafka/broker.ts';
import { recordLogContract } from '../record-log-contract.ts';
import { taskContract } from '../task-contract.ts';
import { openTemporaryKafkaLog } from './temporary-kafka-log.ts';

const broker = await kafkaBroker();

/** The tasks of the contract. */
const TASKS = ['counter', 'copy', 'refuser', 'snapshots', 'ranger', 'timed', 'upstream', 'quiet'];
const TASKS_WITH_EFFECTS = ['sender', 'poller', 'failing'];

describe.skipIf(!broker.available)('on a real broker', () => {
  recordLogContract('Kafka log', async () => await openTemporaryKafkaLog({ brokers: [broker.bootstrap] }));
  taskContract(
    'Kafka log',
    async () =>
      await openTemporaryKafkaLog({ brokers: [broker.bootstrap], changelogs: [...TASKS, ...TASKS_WITH_EFFECTS] }),
  );
});
