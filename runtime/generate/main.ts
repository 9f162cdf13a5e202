// Writes the generated documents (`--write`), or says which are out of date (`--check`).
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { referencePage, sampleFile } from '../config/reference-page.ts';
import { failureCodePage } from './failure-code-page.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const documents: ReadonlyMap<string, string> = new Map([
  ['docs/configuration.md', referencePage()],
  ['docs/failure-codes.md', failureCodePage()],
  ['studybridge.sample.yaml', sampleFile()],
]);

const write = process.argv.includes('--write');
let stale = 0;
for (const [path, text] of documents) {
  const present = existsSync(`${root}${path}`) ? readFileSync(`${root}${path}`, 'utf8') : undefined;
  if (present === text) continue;
  if (write) writeFileSync(`${root}${path}`, text);
  else {
    stale += 1;
    process.stderr.write(`${path} is out of date: run npm run generate\n`);
  }
}
process.exitCode = stale === 0 ? 0 : 1;
