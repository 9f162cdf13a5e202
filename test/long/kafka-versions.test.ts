// The contract of the log and of its tasks, long: on every version of the broker that is promised.
import { describe } from 'vitest';
import { kafkaBroker } from '../kafka/broker.ts';
import { KAFKA_VERSIONS } from '../kafka/own-broker.ts';
import { kafkaContract } from '../runtime/log/kafka/kafka-contract.ts';

for (const version of KAFKA_VERSIONS) {
  const broker = await kafkaBroker(version);
  describe.skipIf(!broker.available)(`on Kafka ${version}`, () => kafkaContract(`Kafka log ${version}`, broker));
}
