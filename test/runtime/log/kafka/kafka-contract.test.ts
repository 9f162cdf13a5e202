// The contract on a real Kafka broker.
import { describe } from 'vitest';
import { kafkaBroker } from '../../../kafka/broker.ts';
import { recordLogContract } from '../record-log-contract.ts';
import { openTemporaryKafkaLog } from './temporary-kafka-log.ts';

const broker = await kafkaBroker();

describe.skipIf(!broker.available)('on a real broker', () => {
  recordLogContract('Kafka log', async () => await openTemporaryKafkaLog({ brokers: [broker.bootstrap] }));
});
