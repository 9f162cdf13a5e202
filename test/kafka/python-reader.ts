// A Python client with fastavro, fetched once a machine and kept outside the tree.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { leftOut } from './broker.ts';
import { finishedCommand } from './finished-command.ts';

const FASTAVRO = '1.13.1';
const SCRIPT = fileURLToPath(new URL('./foreign-reader.py', import.meta.url));

export interface PythonReader {
  readonly available: boolean;
  /** One answer a question, in their order; see `foreign-reader.py`. */
  answers(registryUrl: string, questions: readonly PythonQuestion[]): Promise<readonly unknown[]>;
}

export type PythonQuestion = { readonly value: Uint8Array } | { readonly schema: string };

/** To be awaited at the top of a test file; says in one line why there is none, and throws with `REQUIRE_KAFKA=1`. */
export async function pythonReader(): Promise<PythonReader> {
  const packages = await fastavro().catch((error: unknown) => {
    leftOut('Python 3 with venv', error instanceof Error ? error.message : 'pip failed');
    return undefined;
  });
  return {
    available: packages !== undefined,
    answers: async (registryUrl, questions) => {
      if (packages === undefined) throw new Error('no Python here');
      const child = spawn('python3', [SCRIPT, registryUrl], {
        env: { ...process.env, PYTHONPATH: packages, PYTHONIOENCODING: 'utf-8' },
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
      child.stdin.end(questions.map((question) => `${JSON.stringify(asJson(question))}\n`).join(''));
      const [output, complaints, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
      if (code !== 0) throw new Error(`python3 ended with ${code}: ${complaints.slice(-2_000)}`);
      return output
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line));
    },
  };
}

function asJson(question: PythonQuestion): object {
  return 'schema' in question ? question : { value: Buffer.from(question.value).toString('base64') };
}

/** The folder with the package, for this version of Python: parts of it are compiled. */
async function fastavro(): Promise<string> {
  const version = spawnSync('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
    encoding: 'utf8',
  });
  if (version.status !== 0) throw new Error('no python3');
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'studybridge-test');
  const folder = join(cache, `fastavro-${FASTAVRO}-python-${version.stdout.trim()}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const draft = mkdtempSync(join(cache, '.fastavro-'));
  try {
    const target = join(draft, 'packages');
    // Debian's Python has no pip of its own, but makes environments that have one.
    await finishedCommand('python3', ['-m', 'venv', join(draft, 'environment')]);
    const pip = [join(draft, 'environment', 'bin', 'python'), '-m', 'pip'];
    await finishedCommand('env', [...pip, 'install', '--quiet', '--target', target, `fastavro==${FASTAVRO}`]);
    // A rename is whole or not at all; whoever was first has the same.
    if (!existsSync(folder)) renameSync(target, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return folder;
}
