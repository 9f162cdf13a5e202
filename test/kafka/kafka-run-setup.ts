// Before each test file of the run on Kafka: the broker, or the tests left out.
import { beforeEach } from 'vitest';
import { kafkaBroker } from './broker.ts';
import { BROKER_OF_RUN } from './kafka-run.ts';

const broker = await kafkaBroker();
if (broker.available) process.env[BROKER_OF_RUN] = broker.bootstrap;
else beforeEach((context) => context.skip());
