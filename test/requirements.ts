// What a test may need from the machine: says in one line what is left out, and fails instead where CI has everything.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const ci = process.env['CI'] === 'true' || process.env['CI'] === '1';

/** The folder of the third-party corpus, or undefined where it is absent. */
export function corpusFolder(): string | undefined {
  const folder = process.env['CORPUS_DIR'];
  if (folder !== undefined && existsSync(folder)) return folder;
  return leftOut('the corpus (set CORPUS_DIR)');
}

/** Whether a command of that name can be started here. */
export function hasTool(name: string): boolean {
  const found = spawnSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status === 0;
  if (!found) leftOut(name);
  return found;
}

function leftOut(what: string): undefined {
  if (ci) throw new Error(`CI has every tool, but here is no ${what}`);
  console.warn(`left out: tests that need ${what}`);
  return undefined;
}
