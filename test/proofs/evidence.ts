// What stands in a stopped bridge's data directory, read by its own `inspect`, and what it says of the invariants.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { TopicName } from '../../schemas/records.ts';
import { MAIN_FILE } from '../compiled-tree.ts';
import { kafkaVariables } from '../kafka/kafka-run.ts';
import type { Ledger } from './ledger.ts';

const OUTPUT_BYTES_MAX = 512 * 1024 * 1024;

export interface InspectedRecord {
  readonly position: string;
  readonly record: Readonly<Record<string, unknown>>;
}

/** Every record of a topic of a stopped bridge. */
export function recordsOf(folder: string, topic: string): readonly InspectedRecord[] {
  const run = spawnSync(process.execPath, [MAIN_FILE, 'inspect', topic, '--reveal', '--limit', '10000000'], {
    env: { PATH: process.env['PATH'], STUDYBRIDGE_DATA_DIR: join(folder, 'data'), ...kafkaVariables(folder) },
    cwd: folder,
    maxBuffer: OUTPUT_BYTES_MAX,
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`inspect ${topic} ended with ${run.status}: ${run.stderr}`);
  return run.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): InspectedRecord => JSON.parse(line));
}

export type RecordsOf = (topic: TopicName) => readonly InspectedRecord[];

/** Sentences about what is wrong; empty when each acknowledged message and instance is where it must be. */
export function lossesIn(records: RecordsOf, messages: Ledger, instances: Ledger): readonly string[] {
  return [...messageLosses(records, messages), ...instanceLosses(records, instances)];
}

/** Invariants 1 and 3: acknowledged is in the log, and what is used is a cause of a study. */
function messageLosses(records: RecordsOf, messages: Ledger): readonly string[] {
  const positions = new Map<string, string[]>();
  for (const { position, record } of records('hl7.messages')) {
    const controlId = String(record['controlId']);
    positions.set(controlId, [...(positions.get(controlId) ?? []), position]);
  }
  const caused = new Set(records('studies').flatMap(({ record }) => stringsOf(record['causes'])));
  const losses: string[] = [];
  for (const controlId of messages.allAcknowledged) {
    const found = positions.get(controlId);
    if (found === undefined) losses.push(`acknowledged and not in the log: ${controlId}`);
    else if (!found.every((position) => caused.has(position))) losses.push(`in the log and in no study: ${controlId}`);
  }
  for (const controlId of positions.keys()) {
    if (!messages.allSent.has(controlId)) losses.push(`in the log and never sent: ${controlId}`);
  }
  return losses;
}

function instanceLosses(records: RecordsOf, instances: Ledger): readonly string[] {
  const stored = new Set(records('dicom.instances').map(({ record }) => String(record['sopInstanceUid'])));
  const lost = [...instances.allAcknowledged].filter((uid) => !stored.has(uid));
  const phantoms = [...stored].filter((uid) => !instances.allSent.has(uid));
  return [
    ...lost.map((uid) => `acknowledged and not in the log: ${uid}`),
    ...phantoms.map((uid) => `in the log and never sent: ${uid}`),
  ];
}

function stringsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
