// A copy of the compiled tree with one fault put in on purpose, so that a proof can be seen to fail.
import { cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DIST_FOLDER } from '../compiled-tree.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Break {
  /** Below dist/. */
  readonly file: string;
  readonly find: RegExp;
  readonly put: string;
}

/** The folder of the broken tree. Throws when a place to break is not found: the proof would then prove nothing. */
export function brokenBuild(breaks: readonly Break[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'studybridge-broken-'));
  cpSync(DIST_FOLDER, join(folder, 'dist'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const { file, find, put } of breaks) {
    const path = join(folder, 'dist', file);
    const before = readFileSync(path, 'utf8');
    const after = before.replace(find, put);
    if (after === before) throw new Error(`${file} holds nothing like ${find}: name the place anew`);
    writeFileSync(path, after);
  }
  return join(folder, 'dist');
}
