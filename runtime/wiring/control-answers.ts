// Answers what the commands ask: ports, status, records.
import type { RecordCodec } from '../../codecs/avro/record-codec.ts';
import { assertNever } from '../../schemas/failure.ts';
import type { Configuration } from '../config/configuration.ts';
import type { Clock } from '../contracts/clock.ts';
import type { RecordLog } from '../contracts/record-log.ts';
import { inspectRecords } from '../control/record-inspection.ts';
import type { ControlAnswers } from './bridge.ts';
import { type RunningBridge, statusReport } from './status-report.ts';
import type { BridgeTasks } from './tasks.ts';

export interface AnswerSources {
  readonly log: RecordLog;
  readonly codec: RecordCodec;
  /** Undefined where the log runs none: a spool takes records and forwards them. */
  readonly tasks: BridgeTasks | undefined;
  readonly configuration: Configuration;
  readonly clock: Clock;
  /** Undefined when a command has opened the directory itself. */
  readonly running: () => RunningBridge | undefined;
}

export function controlAnswers(sources: AnswerSources): ControlAnswers {
  return async function* answer(request, signal) {
    switch (request.command) {
      case 'ports':
        yield sources.running()?.addresses ?? null;
        return;
      case 'status':
        yield await statusReport(sources, signal);
        return;
      case 'inspect':
        yield* inspectRecords(sources.log, sources.codec, request, signal);
        return;
      default:
        assertNever(request);
    }
  };
}
