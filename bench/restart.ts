// From the start of the process until it says it is ready, with 100,000 records waiting.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf, startServer, withFolder } from './child-process.ts';
import type { Benchmark, Figures } from './measurement.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export const restartBenchmark: Benchmark = {
  name: 'restart',
  what: '100,000 orders that no task has read and 100,000 deliveries that wait for a cloud that refuses: until every port is open and state is restored; floor: a start on an empty folder.',
  sides: [
    { name: '100,000 waiting', measure: () => withFolder((folder) => measureStart(folder, true)) },
    { name: 'empty', measure: () => withFolder((folder) => measureStart(folder, false)) },
  ],
  aims: [{ side: '100,000 waiting', figure: 'readyMs', atMost: 2_000 }],
};

async function measureStart(folder: string, filled: boolean): Promise<Figures> {
  if (filled) await outputOf(process.execPath, [join(ROOT, 'dist/bench/restart-side.js'), folder]);
  const began = performance.now();
  const server = await startServer([join(ROOT, 'dist/runtime/cli/main.cjs'), 'run'], /HTTP\s.*:(\d+)/, {
    STUDYBRIDGE_DATA_DIR: folder,
    STUDYBRIDGE_HL7_PORT: '0',
    STUDYBRIDGE_DICOM_PORT: '0',
    STUDYBRIDGE_HTTP_PORT: '0',
    STUDYBRIDGE_LOG_LEVEL: 'error',
    // Nothing listens there: what waits goes on waiting.
    STUDYBRIDGE_CLOUD_URL: 'http://127.0.0.1:9',
    STUDYBRIDGE_CLOUD_APP_ID: '100001',
    STUDYBRIDGE_CLOUD_TOKEN: '0123456789abcdef0123456789abcdef',
  });
  const readyMs = performance.now() - began;
  await server.stop();
  return { readyMs };
}
