// MLLP to flushed acknowledgement: the whole bridge beside a bare server that only frames, flushes and answers.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer, withFolder } from './child-process.ts';
import type { Benchmark, Figures, RunOptions, Side } from './measurement.ts';
import { type MllpShape, mllpLoad } from './mllp-load.ts';

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

function sidesOf(shape: MllpShape): readonly Side[] {
  return [
    { name: 'bridge', measure: (options) => withFolder((folder) => measureBridge(folder, shape, options)) },
    { name: 'bare floor', measure: (options) => withFolder((folder) => measureFloor(folder, shape, options)) },
  ];
}

async function measureBridge(folder: string, shape: MllpShape, options: RunOptions): Promise<Figures> {
  const server = await startServer([join(ROOT, 'dist/runtime/cli/main.cjs'), 'run'], /MLLP\s.*:(\d+)/, {
    STUDYBRIDGE_DATA_DIR: folder,
    STUDYBRIDGE_HL7_PORT: '0',
    STUDYBRIDGE_DICOM_PORT: '0',
    STUDYBRIDGE_HTTP_PORT: '0',
    STUDYBRIDGE_LOG_LEVEL: 'error',
  });
  return mllpLoad(server, shape, options);
}

async function measureFloor(folder: string, shape: MllpShape, options: RunOptions): Promise<Figures> {
  const script = join(ROOT, 'dist/bench/mllp-floor.js');
  return mllpLoad(await startServer([script, folder], /port (\d+)/, {}), shape, options);
}
