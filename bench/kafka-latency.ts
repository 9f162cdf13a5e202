// Order to cloud at 100 studies a second, quiet time 0: three roles on Kafka beside one process on the embedded log.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../runtime/contracts/clock.ts';
import { freePort } from '../test/kafka/free-port.ts';
import { type RunningServer, startServer, withFolder } from './child-process.ts';
import { rolePlace, startRole } from './kafka-roles.ts';
import { type Cloud, openEngine, orderOf, startCloud, storeEvent } from './latency-ends.ts';
import type { Benchmark, Figures, RunOptions } from './measurement.ts';
import { quantile } from './measurement.ts';

const COMMAND = fileURLToPath(new URL('../runtime/cli/main.cjs', import.meta.url));
const STUDIES_PER_SECOND = Number(process.env['BENCH_LATENCY_RATE'] ?? 100);
const WARM_UP_SECONDS = 3;
/** A study that has not arrived by then counts as lost, and the run fails. */
const ARRIVAL_LIMIT_MS = 60_000;

export const kafkaLatencyBenchmark: Benchmark = {
  name: 'kafka-latency',
  what: `${STUDIES_PER_SECOND} studies a second, each an order by MLLP and after its acknowledgement one store event by HTTP, quiet time 0: from the order's sending, and from the event's, to the arrival at the cloud.`,
  sides: [
    { name: 'three roles on Kafka', measure: (options) => withFolder((folder) => measureKafka(folder, options)) },
    { name: 'embedded log', measure: (options) => withFolder((folder) => measureEmbedded(folder, options)) },
  ],
  aims: [{ side: 'three roles on Kafka', figure: 'orderP50Ms', atMost: 250 }],
};

async function measureKafka(folder: string, options: RunOptions): Promise<Figures> {
  const cloud = await startCloud();
  const hl7Port = await freePort();
  const place = await rolePlace(folder, { ...cloudSettings(cloud), STUDYBRIDGE_HL7_PORT: String(hl7Port) });
  const http = /HTTP\s.*:(\d+)/;
  const sinks = await startRole(place, 'sinks', http);
  const processors = await startRole(place, 'processors', http);
  const connectors = await startRole(place, 'connectors', http);
  const figures = await paced(cloud, hl7Port, connectors.port, options);
  for (const role of [connectors, processors, sinks]) await role.stop();
  cloud.close();
  return figures;
}

async function measureEmbedded(folder: string, options: RunOptions): Promise<Figures> {
  const cloud = await startCloud();
  const hl7Port = await freePort();
  const bridge: RunningServer = await startServer([COMMAND, 'run'], /HTTP\s.*:(\d+)/, {
    ...cloudSettings(cloud),
    STUDYBRIDGE_DATA_DIR: join(folder, 'data'),
    STUDYBRIDGE_HL7_PORT: String(hl7Port),
    STUDYBRIDGE_DICOM_PORT: '0',
    STUDYBRIDGE_HTTP_PORT: '0',
    STUDYBRIDGE_LOG_LEVEL: 'error',
  });
  const figures = await paced(cloud, hl7Port, bridge.port, options);
  await bridge.stop();
  cloud.close();
  return figures;
}

function cloudSettings(cloud: Cloud): NodeJS.ProcessEnv {
  return {
    STUDYBRIDGE_CLOUD_URL: `http://127.0.0.1:${cloud.port}`,
    STUDYBRIDGE_CLOUD_APP_ID: '100001',
    STUDYBRIDGE_CLOUD_TOKEN: '0123456789abcdef0123456789abcdef',
    STUDYBRIDGE_STUDY_QUIET_MS: '0',
  };
}

/** An open loop: a study begins when it is due, whether those before it have arrived or not. */
async function paced(cloud: Cloud, hl7Port: number, httpPort: number, options: RunOptions): Promise<Figures> {
  const engine = await openEngine(hl7Port);
  const fromOrder: number[] = [];
  const fromEvent: number[] = [];
  const warmUp = WARM_UP_SECONDS * STUDIES_PER_SECOND;
  const studies = warmUp + Math.ceil(options.seconds * STUDIES_PER_SECOND);
  const tooLate = AbortSignal.timeout((studies / STUDIES_PER_SECOND) * 1_000 + ARRIVAL_LIMIT_MS);
  const late = rejected(tooLate);
  const one = async (number: number): Promise<void> => {
    const orderedAt = performance.now();
    await engine.send(orderOf(number));
    const arrival = cloud.arrivalOf(`L${number}`);
    const storedAt = performance.now();
    const answer = await fetch(`http://127.0.0.1:${httpPort}/v1/store-events`, storeEvent(number));
    await answer.arrayBuffer();
    const arrivedAt = await Promise.race([arrival, late]);
    if (number < warmUp) return;
    fromOrder.push(arrivedAt - orderedAt);
    fromEvent.push(arrivedAt - storedAt);
  };
  const began = performance.now();
  const under: Promise<void>[] = [];
  for (let number = 0; number < studies; number += 1) {
    const dueMs = began + (number * 1_000) / STUDIES_PER_SECOND - performance.now();
    if (dueMs > 0) await systemClock.sleep(dueMs, tooLate);
    under.push(one(number));
  }
  await Promise.all(under);
  engine.end();
  fromOrder.sort((a, b) => a - b);
  fromEvent.sort((a, b) => a - b);
  return {
    orderP50Ms: quantile(fromOrder, 0.5),
    orderP99Ms: quantile(fromOrder, 0.99),
    eventP50Ms: quantile(fromEvent, 0.5),
    eventP99Ms: quantile(fromEvent, 0.99),
  };
}

function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('a study did not arrive at the cloud')), { once: true });
  });
}
