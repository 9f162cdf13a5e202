// Order to cloud with the quiet time at 0: from the last store event's post to the arrival of the study at the cloud.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer, withFolder } from './child-process.ts';
import { openEngine, orderOf, startCloud, storeEvent } from './latency-ends.ts';
import type { Benchmark, Figures } from './measurement.ts';
import { quantile } from './measurement.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const STUDIES = 400;
const WARM_UP = 50;

export const latencyBenchmark: Benchmark = {
  name: 'latency',
  what: `${STUDIES} studies one after another, quiet time 0: order by MLLP, one store event by HTTP, signed post at the cloud; floor: a post straight to the cloud.`,
  sides: [
    { name: 'bridge', measure: () => withFolder(measureBridge) },
    { name: 'direct post', measure: measureDirect },
  ],
  aims: [{ side: 'bridge', figure: 'p50Ms', atMost: 25 }],
};

async function measureBridge(folder: string): Promise<Figures> {
  const cloud = await startCloud();
  const bridge = await startServer([join(ROOT, 'dist/runtime/cli/main.cjs'), 'run'], /HTTP\s.*:(\d+)/, {
    STUDYBRIDGE_DATA_DIR: folder,
    STUDYBRIDGE_HL7_PORT: '22575',
    STUDYBRIDGE_DICOM_PORT: '0',
    STUDYBRIDGE_HTTP_PORT: '0',
    STUDYBRIDGE_LOG_LEVEL: 'error',
    STUDYBRIDGE_CLOUD_URL: `http://127.0.0.1:${cloud.port}`,
    STUDYBRIDGE_CLOUD_APP_ID: '100001',
    STUDYBRIDGE_CLOUD_TOKEN: '0123456789abcdef0123456789abcdef',
    STUDYBRIDGE_STUDY_QUIET_MS: '0',
  });
  const engine = await openEngine(22_575);
  const waits: number[] = [];
  for (let number = 0; number < STUDIES; number += 1) {
    await engine.send(orderOf(number));
    const arrival = cloud.arrivalOf(`L${number}`);
    const began = performance.now();
    await fetch(`http://127.0.0.1:${bridge.port}/v1/store-events`, storeEvent(number));
    const arrivedAt = await arrival;
    if (number >= WARM_UP) waits.push(arrivedAt - began);
  }
  engine.end();
  await bridge.stop();
  cloud.close();
  return figuresFrom(waits);
}

async function measureDirect(): Promise<Figures> {
  const cloud = await startCloud();
  const waits: number[] = [];
  for (let number = 0; number < STUDIES; number += 1) {
    const arrival = cloud.arrivalOf(`L${number}`);
    const began = performance.now();
    await fetch(`http://127.0.0.1:${cloud.port}/`, {
      method: 'POST',
      body: JSON.stringify({ accessNumber: `L${number}` }),
    });
    const arrivedAt = await arrival;
    if (number >= WARM_UP) waits.push(arrivedAt - began);
  }
  cloud.close();
  return figuresFrom(waits);
}

function figuresFrom(waits: number[]): Figures {
  waits.sort((a, b) => a - b);
  return { p50Ms: quantile(waits, 0.5), p99Ms: quantile(waits, 0.99) };
}
