// The compiled command in a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { MAIN_FILE } from '../../compiled-tree.ts';
import { brokerOfRun, createTopics, kafkaVariables } from '../../kafka/kafka-run.ts';

export interface CommandPlan {
  readonly folder: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export interface CommandProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  output(): string;
  errors(): string;
  /** Resolves when standard output holds it; rejects when the process ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  /** As `printed`, for standard error. */
  complained(pattern: RegExp): Promise<RegExpExecArray>;
  /** The exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

export function startCommand(plan: CommandPlan): CommandProcess {
  if (!existsSync(MAIN_FILE)) throw new Error(`${MAIN_FILE} is not there: run npm run build`);
  const inherited = Object.entries(process.env).filter(([name]) => !OF_A_BRIDGE.test(name));
  const child = spawn(process.execPath, [MAIN_FILE, ...plan.args], {
    cwd: plan.folder,
    env: { ...Object.fromEntries(inherited), ...FREE_PORTS, ...kafkaVariables(plan.folder), ...plan.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    for (const look of waiting) look();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
    for (const look of waiting) look();
  });
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal ?? 0));
  });
  const seen = (find: () => RegExpExecArray | null, pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const found = find();
        if (found !== null) resolve(found);
      };
      waiting.add(look);
      look();
      void ended.then((end) => reject(new Error(`ended with ${end} before ${pattern}: ${output}${errors}`)));
    });
  return {
    child,
    pid: child.pid ?? 0,
    kill: (signal) => void child.kill(signal),
    output: () => output,
    errors: () => errors,
    ended,
    printed: (pattern) => seen(() => pattern.exec(output), pattern),
    complained: (pattern) => seen(() => pattern.exec(errors), pattern),
  };
}

/** A broker that is there for the tests is a bridge's only where a test says so. */
const OF_A_BRIDGE = /^(STUDYBRIDGE_.*|KAFKA_BROKERS|SCHEMA_REGISTRY_URL)$/;
const FREE_PORTS = { STUDYBRIDGE_HL7_PORT: '0', STUDYBRIDGE_DICOM_PORT: '0', STUDYBRIDGE_HTTP_PORT: '0' };

/** Runs a command to its end. */
export async function runCommand(
  plan: CommandPlan,
): Promise<{ code: number | NodeJS.Signals; output: string; errors: string }> {
  const command = startCommand(plan);
  const code = await command.ended;
  return { code, output: command.output(), errors: command.errors() };
}

/** What `run --json` prints. */
export interface ListeningBridge extends CommandProcess {
  readonly hl7: number;
  readonly dicom: number;
  readonly http: string;
}

/** A bridge that says it is ready; on Kafka, its roles as processes of their own. */
export async function startListening(plan: Omit<CommandPlan, 'args'>): Promise<ListeningBridge> {
  if (brokerOfRun() === undefined) return listeningAt(await readyCommand({ ...plan, args: ['run', '--json'] }));
  createTopics(plan.folder, kafkaVariables(plan.folder));
  const [sinks, processors, connectors] = [
    await readyCommand({ ...plan, args: ['run', 'sinks', '--json'] }),
    await readyCommand({ ...plan, args: ['run', 'processors', '--json'] }),
    await readyCommand({ ...plan, args: ['run', 'connectors', '--json'] }),
  ];
  const parts = [connectors, processors, sinks];
  return {
    ...listeningAt(connectors),
    kill: (signal) => {
      for (const part of parts) part.kill(signal);
    },
    output: () => parts.map((part) => part.output()).join(''),
    errors: () => parts.map((part) => part.errors()).join(''),
    ended: Promise.all(parts.map(({ ended }) => ended)).then((ends) => ends.find((end) => end !== 0) ?? 0),
  };
}

interface ReadyCommand extends CommandProcess {
  /** The line it said it with. */
  readonly said: string;
}

async function readyCommand(plan: CommandPlan): Promise<ReadyCommand> {
  const command = startCommand(plan);
  const [said] = await command.printed(/^\{.*\}\n/);
  return { ...command, said };
}

function listeningAt(command: ReadyCommand): ListeningBridge {
  const said: { hl7: { port: number }; dicom: { port: number }; http: { host: string; port: number } } = JSON.parse(
    command.said,
  );
  return {
    ...command,
    hl7: said.hl7.port,
    dicom: said.dicom.port,
    http: `http://${said.http.host}:${said.http.port}`,
  };
}
