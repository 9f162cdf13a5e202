// The lock of systems without abstract sockets.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockByFile } from '../../../../runtime/log/embedded/folder-lock.ts';
import { temporaryFolder } from './temporary-log.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('lock file: a living owner refuses a second, and what it released can be taken', async () => {
  const identity = { folder, device: 1n, inode: 1n };
  const lock = await lockByFile(identity);
  await expect(lockByFile(identity)).rejects.toMatchObject({ code: 'log.in_use' });
  await lock.release();
  await (await lockByFile(identity)).release();
});

test('lock file: what a killed owner left behind is taken over', async () => {
  // Above the largest process id of Linux.
  await writeFile(join(folder, 'lock'), '4194305');
  await (await lockByFile({ folder, device: 1n, inode: 1n })).release();
});
