// The sandbox cloud in a process of its own, by the command a user starts it with.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startCommand } from '../../runtime/cli/command-process.ts';
import { type CheckedCloud, checkedCloud } from '../cloud-check.ts';

const APP_ID = '100001';
const TOKEN = '0123456789abcdef0123456789abcdef';

export async function startSandboxProcess(folder: string): Promise<CheckedCloud> {
  const place = join(folder, 'sandbox');
  mkdirSync(place);
  const command = startCommand({
    folder: place,
    args: ['sandbox', '--port', '0', '--app-id', APP_ID, '--json'],
    environment: { STUDYBRIDGE_CLOUD_TOKEN: TOKEN },
  });
  const [line] = await command.printed(/^\{.*\}\n/);
  const { url }: { readonly url: string } = JSON.parse(line);
  return checkedCloud({ url, appId: APP_ID, token: TOKEN }, async () => {
    command.child.kill('SIGTERM');
    await command.ended;
  });
}
