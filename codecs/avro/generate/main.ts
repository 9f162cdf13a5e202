// Holds the schemas against their recorded versions (`--check`), or records those that changed (`--record`).
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { topicVersions } from '../../../schemas/generate/version-files.ts';
import { RECORD_COMMAND, schemaVerdict } from './schema-gate.ts';
import { writtenRecord } from './version-fixture.ts';

// From dist/codecs/avro/generate.
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const record = process.argv.includes('--record');
const faults: string[] = [];

for (const versions of topicVersions(`${root}schemas/`)) {
  const { topic, current, recorded } = versions;
  const { incompatible, unrecorded } = schemaVerdict(versions);
  faults.push(...incompatible);
  if (!unrecorded || incompatible.length > 0) continue;
  const number = recorded.length + 1;
  if (record) recordVersion(topic, number, current);
  else faults.push(`${topic}: the schema differs from its newest recorded version: run ${RECORD_COMMAND}`);
}
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.exitCode = faults.length === 0 ? 0 : 1;

/** The text, and a record of it that every later release is to read (test/codecs/avro/past-versions.test.ts). */
function recordVersion(topic: string, number: number, text: string): void {
  mkdirSync(`${root}schemas/versions/${topic}`, { recursive: true });
  writeFileSync(`${root}schemas/versions/${topic}/${number}.avsc`, text);
  const fixture = `test/codecs/avro/versions/${topic}.${number}.json`;
  writeFileSync(`${root}${fixture}`, `${JSON.stringify({ [topic]: writtenRecord(text) }, null, 2)}\n`);
  process.stdout.write(`recorded version ${number} of ${topic}; its record for tests: ${fixture}\n`);
}
