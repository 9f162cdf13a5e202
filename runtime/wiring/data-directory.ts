// The log as a command opens it while no bridge runs: the data directory, or the topics on Kafka.
import type { Configuration } from '../config/configuration.ts';
import { systemClock } from '../contracts/clock.ts';
import { silentTelemetry } from '../contracts/telemetry.ts';
import type { ControlAnswers } from './bridge.ts';
import { configuredAccounts } from './cloud-end.ts';
import { controlAnswers } from './control-answers.ts';
import { openLog } from './log-opening.ts';
import { openRecordFormat } from './record-format.ts';
import { bridgeTasks } from './tasks.ts';

export interface OpenDirectory extends AsyncDisposable {
  readonly answer: ControlAnswers;
}

/** Reads, and runs nothing: on Kafka no partition is taken from those that work elsewhere. */
export async function openDataDirectory(configuration: Configuration): Promise<OpenDirectory> {
  const format = await openRecordFormat(configuration, 'read', silentTelemetry, new AbortController().signal);
  const { codec, schemas } = format;
  const parts = { clock: systemClock, telemetry: silentTelemetry, codec, schemas };
  const log = await openLog(configuration, { ...parts, fail: () => undefined });
  const tasks = bridgeTasks(configuration, { ...parts, accounts: configuredAccounts(configuration) });
  return {
    answer: controlAnswers({ ...parts, log, tasks, configuration, running: () => undefined }),
    [Symbol.asyncDispose]: async () => {
      await log[Symbol.asyncDispose]();
      await format[Symbol.asyncDispose]();
    },
  };
}
