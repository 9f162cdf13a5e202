// MLLP to flushed acknowledgement: the whole bridge beside a bare server that only frames, flushes and answers.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf, peakMiB, type RunningServer, startServer, withFolder } from './child-process.ts';
import type { Benchmark, Figures, RunOptions, Side } from './measurement.ts';

interface Shape {
  readonly connections: number;
  readonly window: number;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export const mllpBenchmarks: readonly Benchmark[] = [
  {
    name: 'mllp-16x1',
    what: '1.5 KB ORU^R01 on 16 connections, one unanswered each, the whole bridge running; floor: frame, group fdatasync, answer.',
    sides: sidesOf({ connections: 16, window: 1 }),
    aims: [
      { side: 'bridge', figure: 'messagesPerSecond', atLeast: 12_000 },
      { side: 'bridge', figure: 'p99Ms', atMost: 10 },
      { side: 'bridge', figure: 'messagesPerSecond', against: 'bare floor', atLeast: 0.5 },
    ],
  },
  {
    name: 'mllp-1x64',
    what: '1.5 KB ORU^R01 on one connection with 64 unanswered, the whole bridge running; floor as above.',
    sides: sidesOf({ connections: 1, window: 64 }),
    aims: [{ side: 'bridge', figure: 'messagesPerSecond', atLeast: 25_000 }],
  },
  {
    name: 'mllp-1x1',
    what: '1.5 KB ORU^R01 on one connection, one at a time: the latency of a lone message.',
    sides: sidesOf({ connections: 1, window: 1 }),
    aims: [{ side: 'bridge', figure: 'messagesPerSecond', atLeast: 1_500 }],
  },
];

function sidesOf(shape: Shape): readonly Side[] {
  return [
    { name: 'bridge', measure: (options) => withFolder((folder) => measureBridge(folder, shape, options)) },
    { name: 'bare floor', measure: (options) => withFolder((folder) => measureFloor(folder, shape, options)) },
  ];
}

async function measureBridge(folder: string, shape: Shape, options: RunOptions): Promise<Figures> {
  const server = await startServer([join(ROOT, 'dist/runtime/cli/main.cjs'), 'run'], /MLLP\s.*:(\d+)/, {
    STUDYBRIDGE_DATA_DIR: folder,
    STUDYBRIDGE_HL7_PORT: '0',
    STUDYBRIDGE_DICOM_PORT: '0',
    STUDYBRIDGE_HTTP_PORT: '0',
    STUDYBRIDGE_LOG_LEVEL: 'error',
  });
  return load(server, shape, options);
}

async function measureFloor(folder: string, shape: Shape, options: RunOptions): Promise<Figures> {
  const script = join(ROOT, 'dist/bench/mllp-floor.js');
  return load(await startServer([script, folder], /port (\d+)/, {}), shape, options);
}

async function load(server: RunningServer, shape: Shape, options: RunOptions): Promise<Figures> {
  const generator = loadGenerator();
  const args = [
    '--port',
    String(server.port),
    '--connections',
    String(shape.connections),
    '--window',
    String(shape.window),
  ];
  const output = await outputOf(generator, [...args, '--seconds', String(options.seconds), '--warmup', '3', '--json']);
  const figures = JSON.parse(output.trim().split('\n').at(-1) ?? '{}');
  const memoryMiB = peakMiB(server.pid);
  await server.stop();
  return { ...figuresFrom(figures), peakRssMiB: memoryMiB };
}

function figuresFrom(line: Readonly<Record<string, number>>): Figures {
  return { messagesPerSecond: line['msgs_per_s'] ?? 0, p50Ms: line['p50_ms'] ?? 0, p99Ms: line['p99_ms'] ?? 0 };
}

/** mllpload, a Go program: by MLLPLOAD, or built from PEERS_DIR into the user's cache. */
function loadGenerator(): string {
  const named = process.env['MLLPLOAD'];
  if (named !== undefined) return named;
  const sources = join(process.env['PEERS_DIR'] ?? join(ROOT, '../shared/peers'), 'mllpload');
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'studybridge');
  const binary = join(folder, 'mllpload');
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  const built = spawnSync('go', ['build', '-o', binary, '.'], { cwd: sources, stdio: 'inherit' });
  if (built.status !== 0)
    throw new Error('the MLLP benchmarks need mllpload: set MLLPLOAD, or PEERS_DIR with Go at hand');
  return binary;
}
