// C-STORE to flushed answer beside dcmtk's storescp, which keeps nothing.
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf, peakMiB, startServer, withFolder } from './child-process.ts';
import { writeInstances } from './dicom-files.ts';
import type { Benchmark, Figures, Side } from './measurement.ts';

interface Shape {
  readonly name: string;
  readonly pixelBytes: number;
  readonly objects: number;
  readonly associations: number;
  readonly floor: number;
  readonly aim: number;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Without it each object waits out a delayed acknowledgement of 40 ms on loopback. */
const DCMTK_ENV = { ...process.env, TCP_NODELAY: '1' };

const WARM_UP = 4_000;

const SHAPES: readonly Shape[] = [
  { name: 'store-1.6KB-1', pixelBytes: 0, objects: 3_000, associations: 1, floor: 0.35, aim: 0.5 },
  { name: 'store-1.6KB-4', pixelBytes: 0, objects: 8_000, associations: 4, floor: 0.45, aim: 0.6 },
  { name: 'store-0.5MB-1', pixelBytes: 524_288, objects: 1_200, associations: 1, floor: 0.7, aim: 0.9 },
  { name: 'store-0.5MB-4', pixelBytes: 524_288, objects: 2_400, associations: 4, floor: 0.8, aim: 1.0 },
];

/** Empty, with one line, where dcmtk is missing. */
export function storeBenchmarks(): readonly Benchmark[] {
  if (spawnSync('storescu', ['--version']).status !== 0) {
    process.stderr.write('left out: the C-STORE benchmarks (no dcmtk)\n');
    return [];
  }
  return SHAPES.map((shape) => ({
    name: shape.name,
    what: `${shape.objects} objects by dcmtk's storescu on ${shape.associations} association(s), each flushed before its answer; peer: storescp --ignore.`,
    sides: [sideOf('bridge', shape, measureBridge), sideOf('storescp --ignore', shape, measureStorescp)],
    aims: [
      { side: 'bridge', figure: 'objectsPerSecond', against: 'storescp --ignore', atLeast: shape.aim },
      { side: 'bridge', figure: 'objectsPerSecond', against: 'storescp --ignore', atLeast: shape.floor },
    ],
  }));
}

function sideOf(name: string, shape: Shape, measure: (folder: string, shape: Shape) => Promise<Figures>): Side {
  return { name, measure: () => withFolder((folder) => measure(folder, shape)) };
}

async function measureBridge(folder: string, shape: Shape): Promise<Figures> {
  const sets = writeSets(folder, shape);
  const server = await startServer([join(ROOT, 'dist/runtime/cli/main.cjs'), 'run'], /DICOM\s.*:(\d+)/, {
    TCP_NODELAY: '1',
    STUDYBRIDGE_DATA_DIR: join(folder, 'data'),
    STUDYBRIDGE_HL7_PORT: '0',
    STUDYBRIDGE_DICOM_PORT: '0',
    STUDYBRIDGE_HTTP_PORT: '0',
    STUDYBRIDGE_LOG_LEVEL: 'error',
  });
  await send(writeWarmUp(folder, shape), server.port);
  const seconds = await send(sets, server.port);
  const peakRssMiB = peakMiB(server.pid);
  await server.stop();
  return { objectsPerSecond: shape.objects / seconds, peakRssMiB };
}

async function measureStorescp(folder: string, shape: Shape): Promise<Figures> {
  const sets = writeSets(folder, shape);
  const port = await freePort();
  const child = spawn('storescp', ['--ignore', '--fork', '-aet', 'STUDYBRIDGE', String(port)], {
    env: DCMTK_ENV,
    stdio: 'ignore',
  });
  await waitForPort(port);
  await send(writeWarmUp(folder, shape), port);
  const seconds = await send(sets, port);
  const ended = new Promise((resolve) => child.on('close', resolve));
  child.kill('SIGTERM');
  await ended;
  return { objectsPerSecond: shape.objects / seconds };
}

function writeSets(folder: string, shape: Shape): string[] {
  const each = shape.objects / shape.associations;
  return Array.from({ length: shape.associations }, (_, number) => {
    const set = join(folder, `set-${number}`);
    writeInstances(set, { study: number, instances: each, pixelBytes: shape.pixelBytes });
    return set;
  });
}

/** Small objects of other studies: a bridge that runs for months is not measured by its first second. */
function writeWarmUp(folder: string, { associations }: Shape): string[] {
  return Array.from({ length: associations }, (_, number) => {
    const set = join(folder, `warm-up-${number}`);
    writeInstances(set, { study: 1_000 + number, instances: WARM_UP / associations, pixelBytes: 0 });
    return set;
  });
}

/** Seconds for all associations together, the start of the senders included. */
async function send(sets: readonly string[], port: number): Promise<number> {
  const began = performance.now();
  await Promise.all(
    sets.map((set) =>
      outputOf('storescu', ['+sd', '-aet', 'BENCH', '-aec', 'STUDYBRIDGE', '127.0.0.1', String(port), set], DCMTK_ENV),
    ),
  );
  return (performance.now() - began) / 1_000;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return address !== null && typeof address === 'object' ? address.port : 0;
}

async function waitForPort(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const answer = await new Promise<boolean>((resolve) => {
      const probe = spawn('echoscu', ['-aec', 'STUDYBRIDGE', '127.0.0.1', String(port)], {
        env: DCMTK_ENV,
        stdio: 'ignore',
      });
      probe.on('close', (code) => resolve(code === 0));
    });
    if (answer) return;
  }
  throw new Error('storescp did not start');
}
