// Writes the generated files (`--write`), or says which are out of date (`--check`).
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pastVersions, type TopicVersions } from './past-versions.ts';
import { recordTypes, type TopicSchema } from './record-types.ts';
import { recordedVersions } from './version-files.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

function topicVersions(): TopicVersions[] {
  return readdirSync(`${root}schemas`)
    .filter((name) => name.endsWith('.avsc'))
    .sort()
    .map((name) => {
      const topic = name.slice(0, -'.avsc'.length);
      const current = readFileSync(`${root}schemas/${name}`, 'utf8');
      return { topic, current, recorded: recordedVersions(`${root}schemas/`, topic) };
    });
}

function topicSchemas(): TopicSchema[] {
  return topicVersions().map(({ topic, current }) => ({ topic, schema: JSON.parse(current) }));
}

function formatted(path: string, text: string): string {
  const biome = fileURLToPath(new URL('../../../node_modules/@biomejs/biome/bin/biome', import.meta.url));
  const run = spawnSync(process.execPath, [biome, 'format', `--stdin-file-path=${path}`], { input: text, cwd: root });
  if (run.status !== 0) throw new Error(`biome could not format ${path}: ${run.stderr}`);
  return run.stdout.toString('utf8');
}

const generated: ReadonlyMap<string, string> = new Map([
  ['schemas/records.ts', formatted('schemas/records.ts', recordTypes(topicSchemas()))],
  ['schemas/past-versions.ts', formatted('schemas/past-versions.ts', pastVersions(topicVersions()))],
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
