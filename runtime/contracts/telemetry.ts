// One typed event a fact; the log line and the metric come from it.
import { CLOUD_FACTS } from './facts/cloud.ts';
import { DICOM_FACTS } from './facts/dicom.ts';
import { HL7_FACTS } from './facts/hl7.ts';
import { KAFKA_FACTS } from './facts/kafka.ts';
import { LOG_FACTS } from './facts/log.ts';
import { MIGRATION_FACTS } from './facts/migration.ts';
import { PROCESS_FACTS } from './facts/process.ts';
import { REGISTRY_FACTS } from './facts/registry.ts';
import { SPOOL_FACTS } from './facts/spool.ts';
import { TASK_FACTS } from './facts/task.ts';

/**
 * ERROR: loss, or a human is needed. WARN: heals by itself. INFO: start, stop, reload. Nothing per record above DEBUG.
 * Fields carry ids of records, codes, counts, sizes, durations; never patient data (invariant 8), never a text from outside.
 */
export interface FactDeclaration {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  /** The log line, a fixed sentence. */
  readonly message: string;
  readonly fields: Readonly<Record<string, 'string' | 'number'>>;
  readonly metric?: FactMetric;
}

export interface FactMetric {
  readonly kind: 'counter' | 'histogram';
  /** Without the prefix `studybridge_`; units last, counters end in `_total`. */
  readonly name: string;
  readonly help: string;
  /** Names of string fields with few values. */
  readonly labels: readonly string[];
  /** The number field that is added or observed; a counter without one adds 1. */
  readonly value?: string;
  /** Upper bounds, in the unit of the metric. */
  readonly buckets?: readonly number[];
}

export const FACTS = {
  ...CLOUD_FACTS,
  ...DICOM_FACTS,
  ...HL7_FACTS,
  ...KAFKA_FACTS,
  ...LOG_FACTS,
  ...MIGRATION_FACTS,
  ...PROCESS_FACTS,
  ...REGISTRY_FACTS,
  ...SPOOL_FACTS,
  ...TASK_FACTS,
} as const satisfies Readonly<Record<string, FactDeclaration>>;

export type FactName = keyof typeof FACTS;
export type FactFields<Name extends FactName> = {
  readonly [Field in keyof (typeof FACTS)[Name]['fields']]: (typeof FACTS)[Name]['fields'][Field] extends 'number'
    ? number
    : string;
};

export interface Telemetry {
  record<Name extends FactName>(name: Name, fields: FactFields<Name>): void;
  /** A value that is read when metrics are asked for. `name` without prefix; returns the way to take it back. */
  gauge(name: string, help: string, labels: Readonly<Record<string, string>>, read: () => number): () => void;
}

/** For tests and for parts that run without an operator. */
export const silentTelemetry: Telemetry = { record: () => {}, gauge: () => () => {} };
