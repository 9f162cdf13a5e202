// The contract on a real Kafka broker.
import { describe } from 'vitest';
import { kafkaBroker } from '../../../kafka/broker.ts';
import { kafkaContract } from './kafka-contract.ts';

const broker = await kafkaBroker();

describe.skipIf(!broker.available)('on a real broker', () => kafkaContract('Kafka log', broker));
