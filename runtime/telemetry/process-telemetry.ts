// The telemetry of a process: each fact becomes its log line and its metric.
import type { Telemetry } from '../contracts/telemetry.ts';
import { factLog, type LogLevel, type LogOutput } from './fact-log.ts';
import { factMetrics } from './fact-metrics.ts';

/** The Prometheus text form. */
export interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}

export interface ProcessTelemetry extends Telemetry {
  readonly metrics: MetricsText;
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
    metrics,
  };
}
