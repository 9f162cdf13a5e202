// The data directory: opened by the running bridge, or by a command when none runs.
import { type RecordCodec, singleObjectCodec } from '../../codecs/avro/record-codec.ts';
import type { Configuration } from '../config/configuration.ts';
import { type Clock, systemClock } from '../contracts/clock.ts';
import type { RecordLog } from '../contracts/record-log.ts';
import { silentTelemetry, type Telemetry } from '../contracts/telemetry.ts';
import { openEmbeddedLog } from '../log/embedded/embedded-log.ts';
import type { ControlAnswers } from './bridge.ts';
import { configuredAccounts } from './cloud-end.ts';
import { controlAnswers } from './control-answers.ts';
import { bridgeTasks } from './tasks.ts';

export interface LogParts {
  readonly codec: RecordCodec;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** The log cannot go on: the process has to end. */
  readonly fail: (error: unknown) => void;
}

/** Rejects with an `EnvironmentError` when the directory is in use or cannot be written. */
export function openLog(configuration: Configuration, parts: LogParts): Promise<RecordLog> {
  return openEmbeddedLog({
    folder: configuration.dataDirectory,
    codec: parts.codec,
    clock: parts.clock,
    telemetry: parts.telemetry,
    retentionMs: configuration.retentionMs,
    onFatal: parts.fail,
  });
}

export interface OpenDirectory extends AsyncDisposable {
  readonly answer: ControlAnswers;
}

/** For a command while no bridge runs: reads the directory, runs nothing. */
export async function openDataDirectory(configuration: Configuration): Promise<OpenDirectory> {
  const codec = singleObjectCodec();
  const parts = { codec, clock: systemClock, telemetry: silentTelemetry };
  const log = await openLog(configuration, { ...parts, fail: () => undefined });
  const tasks = bridgeTasks(configuration, { ...parts, accounts: configuredAccounts(configuration) });
  return {
    answer: controlAnswers({ log, codec, tasks, configuration, running: () => undefined }),
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  };
}
