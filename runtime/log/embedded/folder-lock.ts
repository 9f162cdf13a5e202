// One process a data directory: LMDB itself does not refuse a second writer.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { EnvironmentError } from '../../contracts/environment-error.ts';

export interface FolderLock {
  /** `socket`: freed by the kernel however the process ends. `file`: found stale by its process id. */
  readonly by: 'socket' | 'file';
  release(): Promise<void>;
}

export interface FolderIdentity {
  readonly folder: string;
  readonly device: bigint;
  readonly inode: bigint;
}

export async function lockFolder(identity: FolderIdentity): Promise<FolderLock> {
  return process.platform === 'linux' ? await lockBySocket(identity) : await lockByFile(identity);
}

/**
 * An abstract Unix socket named by device and inode, so that two paths to one directory meet. The kernel frees it with
 * the process, kill -9 included. Abstract names belong to a network namespace: containers that share a directory and
 * no network do not see each other.
 */
async function lockBySocket({ folder, device, inode }: FolderIdentity): Promise<FolderLock> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? inUse(folder) : error);
    });
    server.listen({ path: `\0studybridge/${device}/${inode}`, exclusive: true }, resolve);
  });
  server.unref();
  return {
    by: 'socket',
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Where there are no abstract sockets: a file with the owner's process id, stale when no such process lives. */
export async function lockByFile({ folder }: FolderIdentity): Promise<FolderLock> {
  const path = join(folder, 'lock');
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      await writeFile(path, String(process.pid), { flag: 'wx', mode: 0o600 });
      return { by: 'file', release: () => rm(path, { force: true }) };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const owner = Number(await readFile(path, 'utf8'));
    if (isAlive(owner)) throw inUse(folder);
    await rm(path, { force: true });
  }
  throw inUse(folder);
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to someone else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function inUse(folder: string): EnvironmentError {
  return new EnvironmentError('log.in_use', `another process works in the data directory ${folder}`);
}
