/**
 * The file beside a state cache that says whether the cache may be opened at all.
 *
 * A cache is written without flushing: the kernel brings its pages to the disk in any order. As long as the machine
 * runs, the kernel's memory holds them all, however the process ended. When the machine went down meanwhile, the pages
 * are whole only if the cache had been flushed and closed before; LMDB cannot tell, so it is not asked.
 */
import { constants } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';

export interface CacheMark {
  /**
   * opening: being given to LMDB, which ends the process when it finds a file that it did not write. open: in use, or
   * left behind by a process that was killed. closed: flushed, nothing written since.
   */
  readonly state: 'opening' | 'open' | 'closed';
  /** Which run of the machine's kernel; empty where there is no telling. */
  readonly boot: string;
  /** What the cache is a copy of. */
  readonly identity: string;
}

/** `before_first`, `beyond_end`: its offset lies outside what it is a copy of. */
export type CacheDropReason =
  | 'unmarked'
  | 'other_identity'
  | 'machine_restarted'
  | 'unreadable'
  | 'aged'
  | 'before_first'
  | 'beyond_end';

const FILE = 'mark';
const MARK = /^(opening|open|closed) ([^\n]*)\n([^\n]*)\n$/;

/** Undefined: none that can be read. */
export async function readMark(folder: string): Promise<CacheMark | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, FILE), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const [, state, boot, identity] = MARK.exec(text) ?? [];
  if (state !== 'opening' && state !== 'open' && state !== 'closed') return undefined;
  if (boot === undefined || identity === undefined) return undefined;
  return { state, boot, identity };
}

/** Durable when it resolves: a cache must be known as open before its first page can reach the disk. */
export async function writeMark(folder: string, { state, boot, identity }: CacheMark): Promise<void> {
  const fresh = join(folder, `${FILE}.new`);
  const file = await open(fresh, 'w', 0o600);
  try {
    await file.writeFile(`${state} ${boot}\n${identity}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, join(folder, FILE));
  await syncFolder(folder);
}

export function distrustOf(mark: CacheMark | undefined, boot: string, identity: string): CacheDropReason | undefined {
  if (mark === undefined) return 'unmarked';
  if (mark.identity !== identity) return 'other_identity';
  if (mark.state === 'opening') return 'unreadable';
  if (mark.state === 'open' && (boot === '' || mark.boot !== boot)) return 'machine_restarted';
  return undefined;
}

/** Changes with each start of the kernel; empty where the system has no such thing. */
export async function bootId(): Promise<string> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  } catch {
    // Not Linux: then only a clean close is trusted.
    return '';
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders, and its renames are journalled.
  if (process.platform === 'win32') return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
