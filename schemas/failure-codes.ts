// The registry of failure codes: every code stands once, with its meaning and its remedy.
import { ASSEMBLY_FAILURES } from './failure-codes/assembly.ts';
import { AVRO_FAILURES } from './failure-codes/avro.ts';
import { CLOUD_FAILURES } from './failure-codes/cloud.ts';
import { DICOM_FAILURES } from './failure-codes/dicom.ts';
import { HL7_FAILURES } from './failure-codes/hl7.ts';
import { KAFKA_FAILURES } from './failure-codes/kafka.ts';
import { LOG_FAILURES } from './failure-codes/log.ts';
import { MIGRATION_FAILURES } from './failure-codes/migration.ts';
import { PROCESS_FAILURES } from './failure-codes/process.ts';
import { REGISTRY_FAILURES } from './failure-codes/registry.ts';
import { SPOOL_FAILURES } from './failure-codes/spool.ts';

export interface FailureExplanation {
  /** What happened, in one sentence. */
  readonly meaning: string;
  /** What a person does about it, in one sentence. */
  readonly remedy: string;
}

export const FAILURE_CODES = {
  ...ASSEMBLY_FAILURES,
  ...AVRO_FAILURES,
  ...CLOUD_FAILURES,
  ...DICOM_FAILURES,
  ...HL7_FAILURES,
  ...KAFKA_FAILURES,
  ...LOG_FAILURES,
  ...MIGRATION_FAILURES,
  ...PROCESS_FAILURES,
  ...REGISTRY_FAILURES,
  ...SPOOL_FAILURES,
} as const satisfies Readonly<Record<string, FailureExplanation>>;

export type FailureCode = keyof typeof FAILURE_CODES;
