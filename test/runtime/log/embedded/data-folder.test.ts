// Folders made for the owner only, by several at once.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { prepareFolder } from '../../../../runtime/log/embedded/data-folder.ts';

test('a data folder: folders below one that is missing are made at the same time', async () => {
  const root = mkdtempSync(join(tmpdir(), 'studybridge-folder-'));
  try {
    const names = Array.from({ length: 16 }, (_, at) => join(root, 'a', 'b', 'c', String(at % 8)));
    await Promise.all(names.map((name) => prepareFolder(name)));
    for (const name of [join(root, 'a'), ...names]) expect(statSync(name).mode & 0o777).toBe(0o700);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
