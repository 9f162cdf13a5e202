// A bridge in a process of its own, started from the compiled tree, so that it can be killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DIST_FOLDER } from '../compiled-tree.ts';

/** Said by `run` when it is ready, for people and with `--json`. */
const READY = /Try next|^\{.*"http".*\}$/m;
const START_DEADLINE_MS = 30_000;

export interface BridgePorts {
  readonly hl7: number;
  readonly dicom: number;
  readonly http: number;
}

export interface BridgePlan {
  readonly folder: string;
  readonly ports: BridgePorts;
  readonly env?: Readonly<Record<string, string>>;
  /** The compiled tree; a proof may bring one that was broken on purpose. */
  readonly dist?: string;
  /** Instead of `run`. */
  readonly args?: readonly string[];
  /** Put before the command, e.g. strace and its arguments. */
  readonly under?: readonly string[];
}

export interface BridgeProcess {
  readonly pid: number;
  /** Ms from the start of the process until it said that it is ready. */
  readonly readyMs: number;
  /** All it printed. */
  output(): string;
  signal(name: NodeJS.Signals): void;
  /** The exit code, or the signal's name when one ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** Resolves when the bridge says it is ready, or when it has ended before that (a crash point in the start). */
export async function startBridge(plan: BridgePlan): Promise<BridgeProcess> {
  const main = join(plan.dist ?? DIST_FOLDER, 'runtime/cli/main.cjs');
  if (!existsSync(main)) throw new Error(`${main} is not there: run npm run build`);
  const [command = '', ...args] = [...(plan.under ?? []), process.execPath, main, ...(plan.args ?? ['run'])];
  const began = performance.now();
  const child = spawn(command, args, { cwd: plan.folder, env: environmentOf(plan), stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  const ended = new Promise<number | NodeJS.Signals>((resolve) =>
    child.on('close', (code, signal) => resolve(code ?? signal ?? 0)),
  );
  await new Promise<void>((resolve, reject) => {
    const deadline = setTimeout(
      () => reject(new Error(`the bridge was not ready in time: ${printed}`)),
      START_DEADLINE_MS,
    );
    const settle = (): void => {
      clearTimeout(deadline);
      resolve();
    };
    const onText = (text: string): void => {
      printed += text;
      if (READY.test(printed)) settle();
    };
    child.stdout.setEncoding('utf8').on('data', onText);
    child.stderr.setEncoding('utf8').on('data', onText);
    child.on('close', settle);
    child.on('error', reject);
  });
  return {
    pid: child.pid ?? 0,
    readyMs: performance.now() - began,
    output: () => printed,
    signal: (name) => signalBridge(child, plan.under !== undefined, name),
    ended,
  };
}

function environmentOf(plan: BridgePlan): NodeJS.ProcessEnv {
  return {
    ...inheritedEnvironment(),
    STUDYBRIDGE_DATA_DIR: join(plan.folder, 'data'),
    STUDYBRIDGE_HL7_PORT: String(plan.ports.hl7),
    STUDYBRIDGE_DICOM_PORT: String(plan.ports.dicom),
    STUDYBRIDGE_HTTP_PORT: String(plan.ports.http),
    STUDYBRIDGE_LOG_LEVEL: 'warn',
    ...plan.env,
  };
}

/** Without what would configure a bridge: a test says itself which log it runs on. */
export function inheritedEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(STUDYBRIDGE|KAFKA|SCHEMA_REGISTRY)_/.test(name));
  return Object.fromEntries(inherited);
}

/** To the bridge itself: a tracer it runs under would only detach. */
function signalBridge(child: ChildProcess, traced: boolean, name: NodeJS.Signals): void {
  if (!traced) {
    child.kill(name);
    return;
  }
  const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
  for (const pid of children) process.kill(Number(pid), name);
}

/** Ports that are free now. The same ones are used again after each kill, as a hospital's would be. */
export async function freePorts(): Promise<BridgePorts> {
  const [hl7 = 0, dicom = 0, http = 0] = await Promise.all([freePort(), freePort(), freePort()]);
  return { hl7, dicom, http };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return address !== null && typeof address === 'object' ? address.port : 0;
}
