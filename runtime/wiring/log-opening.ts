// The log of a configuration: Kafka where brokers are named, else the embedded log.
import { join } from 'node:path';
import type { Configuration } from '../config/configuration.ts';
import type { KafkaConfiguration } from '../config/kafka-resolution.ts';
import type { Clock } from '../contracts/clock.ts';
import type { RecordLog } from '../contracts/record-log.ts';
import type { Telemetry } from '../contracts/telemetry.ts';
import { openEmbeddedLog } from '../log/embedded/embedded-log.ts';
import type { KafkaLogOptions } from '../log/kafka/kafka-options.ts';
import type { RecordFormat } from './record-format.ts';
import { taskOutlines } from './tasks.ts';

export interface LogParts extends Omit<RecordFormat, keyof AsyncDisposable> {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** The log cannot go on: the process has to end. */
  readonly fail: (error: unknown) => void;
}

/**
 * Rejects with an `EnvironmentError`: the directory is in use or cannot be written; the brokers are out of reach or
 * refuse; topics are missing or differ.
 */
export async function openLog(configuration: Configuration, parts: LogParts): Promise<RecordLog> {
  const { kafka, dataDirectory, retentionMs } = configuration;
  if (kafka !== undefined) {
    // Nothing of the Kafka client is loaded where it is not used.
    const { openKafkaLog } = await import('../log/kafka/kafka-log.ts');
    return await openKafkaLog(kafkaLogOptions(configuration, kafka, parts));
  }
  return await openEmbeddedLog({
    folder: dataDirectory,
    codec: parts.codec,
    clock: parts.clock,
    telemetry: parts.telemetry,
    taskShareWhileAppending: configuration.log.taskSharePercent / 100,
    retentionMs,
    onFatal: parts.fail,
  });
}

export function kafkaLogOptions(
  configuration: Configuration,
  { connection, layout, tuning }: KafkaConfiguration,
  { clock, telemetry, fail, codec, schemas }: LogParts,
): KafkaLogOptions {
  return {
    connection,
    layout,
    tuning,
    cacheFolder: join(configuration.dataDirectory, 'state-cache'),
    topology: taskOutlines(configuration, { codec, clock, telemetry }),
    codec,
    schemas,
    clock,
    telemetry,
    onFatal: fail,
  };
}
