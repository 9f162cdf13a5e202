// The sandbox's own synthetic account: an application id and a token made once a folder.
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const SANDBOX_APP_ID = '100001';

/** Reads the folder's token of 32 characters, or makes one and keeps it with mode 0600. */
export async function sandboxToken(folder: string): Promise<string> {
  const path = join(folder, 'token');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const kept = await readFile(path, 'latin1').catch(() => '');
  if (/^[0-9a-f]{32}$/.test(kept.trim())) return kept.trim();
  const token = randomBytes(16).toString('hex');
  await writeFile(path, `${token}\n`, { mode: 0o600 });
  return token;
}
