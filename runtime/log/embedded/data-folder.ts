// The data directory: created for its owner only, and checked before anything is opened in it.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { EnvironmentError } from '../../contracts/environment-error.ts';
import type { FolderIdentity } from './folder-lock.ts';

/** Rejects with `log.folder_not_writable`. */
export async function prepareFolder(folder: string): Promise<FolderIdentity> {
  try {
    await makeFolder(resolve(folder));
    await chmod(folder, 0o700);
    const probe = join(folder, `.probe-${randomUUID()}`);
    await writeFile(probe, '', { flag: 'wx', mode: 0o600 });
    await rm(probe);
    const { dev, ino } = await stat(folder, { bigint: true });
    return { folder, device: dev, inode: ino };
  } catch (error) {
    throw new EnvironmentError('log.folder_not_writable', `the data directory ${folder} cannot be written`, {
      cause: error,
    });
  }
}

/** `mkdir` with `recursive` never ends where a file system answers ENOENT below a folder that exists, as /proc does. */
async function makeFolder(folder: string): Promise<void> {
  if (await isMade(folder)) return;
  const parent = dirname(folder);
  if (!existsSync(parent)) await makeFolder(parent);
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    // Another part of this process makes a folder below the same one at the same time.
    if (codeOf(error) !== 'EEXIST') throw error;
  });
}

/** False: a folder above it is not there. */
async function isMade(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return false;
    if (code !== 'EEXIST') throw error;
  }
  return true;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
