// Writes the generated files (`--write`), or says which are out of date (`--check`).
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pastVersions } from './past-versions.ts';
import { recordTypes } from './record-types.ts';
import { topicVersions } from './version-files.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

function formatted(path: string, text: string): string {
  const biome = fileURLToPath(new URL('../../../node_modules/@biomejs/biome/bin/biome', import.meta.url));
  const run = spawnSync(process.execPath, [biome, 'format', `--stdin-file-path=${path}`], { input: text, cwd: root });
  if (run.status !== 0) throw new Error(`biome could not format ${path}: ${run.stderr}`);
  return run.stdout.toString('utf8');
}

const topics = topicVersions(`${root}schemas/`);
const schemas = topics.map(({ topic, current }) => ({ topic, schema: JSON.parse(current) }));

const generated: ReadonlyMap<string, string> = new Map([
  ['schemas/records.ts', formatted('schemas/records.ts', recordTypes(schemas))],
  ['schemas/past-versions.ts', formatted('schemas/past-versions.ts', pastVersions(topics))],
]);

const write = process.argv.includes('--write');
let stale = 0;
for (const [path, text] of generated) {
  const present = readPresent(`${root}${path}`);
  if (present === text) continue;
  if (write) writeFileSync(`${root}${path}`, text);
  else {
    stale += 1;
    process.stderr.write(`${path} is out of date: run npm run generate\n`);
  }
}
process.exitCode = stale === 0 ? 0 : 1;

function readPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // A file that is not there yet is out of date, which the caller says.
    return undefined;
  }
}
