// Sides that run in a process of their own: started, asked for one JSON line, ended.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Runs a compiled script of this folder and gives the JSON object that is the last line it prints. */
export async function figuresOf(script: string, args: readonly string[]): Promise<Record<string, number>> {
  const path = fileURLToPath(new URL(`./${script}.js`, import.meta.url));
  const output = await outputOf(process.execPath, ['--expose-gc', path, ...args]);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '{}');
}

export async function outputOf(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env: env ?? process.env });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
  return output;
}

export interface RunningServer {
  readonly pid: number;
  /** What the pattern's first group caught. */
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts a server and waits until it prints a line that the pattern finds a port in. */
export async function startServer(
  args: readonly string[],
  ready: RegExp,
  env: NodeJS.ProcessEnv,
): Promise<RunningServer> {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const port = await portPrinted(child, ready);
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return {
    pid: child.pid ?? 0,
    port,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function portPrinted(child: ChildProcess, ready: RegExp): Promise<number> {
  let printed = '';
  return new Promise((resolve, reject) => {
    child.on('close', (code) => reject(new Error(`server ended with ${code}: ${printed}`)));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      const found = ready.exec(printed);
      if (found !== null) resolve(Number(found[1]));
    });
  });
}

/** A folder that is gone when the work is done. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'studybridge-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Resident memory without mapped files, MiB: LMDB's map would count as if it were the heap. */
export function anonymousMiB(pid: number | 'self'): number {
  const line = /RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) / 1024;
}

export function peakMiB(pid: number | 'self'): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) / 1024;
}
