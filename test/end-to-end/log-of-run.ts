// The log that this run is about, opened in the process of the test: embedded, or on Kafka under a prefix of its own.
import { tmpdir } from 'node:os';
import { loadConfiguration } from '../../runtime/config/load-configuration.ts';
import { systemClock } from '../../runtime/contracts/clock.ts';
import { silentTelemetry } from '../../runtime/contracts/telemetry.ts';
import { taskOutlines } from '../../runtime/wiring/tasks.ts';
import { brokerOfRun } from '../kafka/kafka-run.ts';
import { openTemporaryLog } from '../runtime/log/embedded/temporary-log.ts';
import { openTemporaryKafkaLog } from '../runtime/log/kafka/temporary-kafka-log.ts';
import type { LogUnderTest } from '../runtime/log/log-under-test.ts';
import { logCodec } from './log-records.ts';

/** One partition: tests compare whole topics in their order. */
const PARTITIONS = 1;

export async function openLogOfRun(): Promise<LogUnderTest> {
  const broker = brokerOfRun();
  if (broker === undefined) return await openTemporaryLog();
  const { configuration } = loadConfiguration({ environment: {}, directory: tmpdir() });
  const parts = { codec: logCodec, clock: systemClock, telemetry: silentTelemetry };
  const topology = taskOutlines(configuration, parts);
  return await openTemporaryKafkaLog({ brokers: [broker], topology, layout: { partitions: PARTITIONS } });
}
