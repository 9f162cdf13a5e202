// The telemetry of a process: each fact becomes its log line and its metric.
import type { Telemetry } from '../contracts/telemetry.ts';
import { factLog, type LogLevel, type LogOutput } from './fact-log.ts';
import { factMetrics } from './fact-metrics.ts';

export interface ProcessTelemetry extends Telemetry {
  /** The Prometheus text form. */
  metricsText(): Promise<string>;
  readonly metricsContentType: string;
}

export function processTelemetry(level: LogLevel, output: LogOutput): ProcessTelemetry {
  const log = factLog(level, output);
  const metrics = factMetrics();
  return {
    record: (name, fields) => {
      log(name, fields);
      metrics.record(name, fields);
    },
    gauge: metrics.gauge,
    metricsText: metrics.text,
    metricsContentType: metrics.contentType,
  };
}
