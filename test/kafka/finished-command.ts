// A command run to its end: what it wrote, or an error with its last words.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const OUTPUT_KEPT_CHARACTERS = 4_000;

export async function finishedCommand(
  command: string,
  args: readonly string[],
  { folder = '.', timeoutMs = 300_000 }: { readonly folder?: string; readonly timeoutMs?: number } = {},
): Promise<void> {
  const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output = `${output}${chunk}`.slice(-OUTPUT_KEPT_CHARACTERS);
    });
  }
  const [code]: readonly unknown[] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ended with ${String(code)}:\n${output}`);
}
