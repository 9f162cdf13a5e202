// A server process that a test starts: says when it is up, keeps its last lines, and never outlives the test's process.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

const START_TIMEOUT_MS = 90_000;
const LINES_KEPT_MAX = 200;

export interface GuardedProcess {
  readonly pid: number;
  readonly ended: Promise<number | NodeJS.Signals>;
  signal(name: NodeJS.Signals): void;
  /** Its last lines, for the message of a failure. */
  lastLines(): string;
}

export interface GuardedWish {
  readonly command: string;
  readonly args: readonly string[];
  readonly folder: string;
  /** A line of its output that says it is up. */
  readonly upLine: RegExp;
  readonly env?: Readonly<Record<string, string>>;
}

export async function guardedProcess({ command, args, folder, upLine, env }: GuardedWish): Promise<GuardedProcess> {
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${command} could not be started`);
  const lines: string[] = [];
  const guard = guardOf(pid, folder);
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    // Closed, not only ended: its last words have been read by then.
    child.once('close', (code, signal) => {
      guard.kill('SIGKILL');
      resolve(signal ?? code ?? -1);
    });
  });
  const lastLines = (): string => lines.join('\n');
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${command} did not come up in ${START_TIMEOUT_MS} ms:\n${lastLines()}`));
    }, START_TIMEOUT_MS);
    void ended.then((how) => {
      clearTimeout(timer);
      reject(new Error(`${command} ended with ${how} before it was up:\n${lastLines()}`));
    });
    const read = (line: string): void => {
      lines.push(line);
      if (lines.length > LINES_KEPT_MAX) lines.shift();
      if (!upLine.test(line)) return;
      clearTimeout(timer);
      resolve();
    };
    linesOf(child.stdout, read);
    linesOf(child.stderr, read);
  });
  for (const held of [child, child.stdout, child.stderr]) unref(held);
  const signal = (name: NodeJS.Signals): void => {
    // Whoever signals waits for the end: it keeps the process of the test alive until then.
    child.ref();
    child.kill(name);
  };
  return { pid, ended, signal, lastLines };
}

/**
 * A shell whose standard input is a pipe that only this process holds: it reads the end when this process is gone,
 * however it went, and takes the server and its folder along. A session of its own, so that no signal to the group
 * reaches it first.
 */
function guardOf(pid: number, folder: string): { kill(signal: NodeJS.Signals): void } {
  const scratch = existsSync(folder) ? folder : '';
  const guard = spawn('sh', ['-c', `read -r _; kill -9 ${pid}; sleep 1; rm -rf "$0"`, scratch], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.stdin.on('error', () => {
    // The guard was told to go: nothing is written to it anyway.
  });
  unref(guard);
  unref(guard.stdin);
  return { kill: (signal) => void guard.kill(signal) };
}

function linesOf(stream: NodeJS.ReadableStream, read: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const parts = `${rest}${chunk}`.split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) read(part);
  });
}

function unref(held: object): void {
  if ('unref' in held && typeof held.unref === 'function') held.unref();
}
