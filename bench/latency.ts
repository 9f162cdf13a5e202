// Order to cloud with the quiet time at 0: from the last store event's post to the arrival of the study at the cloud.
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer, withFolder } from './child-process.ts';
import type { Benchmark, Figures } from './measurement.ts';
import { quantile } from './measurement.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const STUDIES = 400;
const WARM_UP = 50;
const SOP_CLASS = '1.2.840.10008.5.1.4.1.1.2';

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

interface Cloud {
  readonly port: number;
  /** When the study with this accession number first arrives, on this process' clock. */
  arrivalOf(accession: string): Promise<number>;
  close(): void;
}

async function startCloud(): Promise<Cloud> {
  const awaited = new Map<string, (atMs: number) => void>();
  const server: Server = createServer((request, response) => {
    const arrivedAt = performance.now();
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      const accession = /"accessNumber":"([^"]*)"/.exec(body)?.[1] ?? '';
      awaited.get(accession)?.(arrivedAt);
      awaited.delete(accession);
      response.setHeader('content-type', 'application/json');
      response.end('{"code":0,"message":"success"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    arrivalOf: (accession) => new Promise((resolve) => awaited.set(accession, resolve)),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function openEngine(port: number): Promise<{ send(message: string): Promise<void>; end(): void }> {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise<void>((resolve, reject) => socket.on('connect', resolve).on('error', reject));
  let answered: () => void = () => {};
  socket.on('data', (bytes: Buffer) => {
    if (bytes.includes(0x1c)) answered();
  });
  return {
    send: (message) =>
      new Promise((resolve) => {
        answered = resolve;
        socket.write(`\x0b${message}\x1c\r`);
      }),
    end: () => socket.destroy(),
  };
}

function orderOf(number: number): string {
  return [
    `MSH|^~\\&|HIS|TESTHOSP|BRIDGE|CLOUD|20260303090000||ORM^O01|L${number}|P|2.5.1||||||UNICODE UTF-8`,
    `PID|1||P${number}^^^HIS^MR||测试^甲||19800101|F`,
    `ORC|NW|PL${number}`,
    `OBR|1|PL${number}||CT001^胸部CT平扫||||||||||||||L${number}||||||CT`,
    '',
  ].join('\r');
}

function storeEvent(number: number): RequestInit {
  const uid = `1.2.826.0.1.3680043.10.9999.8.${number}`;
  const event = {
    '00080016': { vr: 'UI', Value: [SOP_CLASS] },
    '00080018': { vr: 'UI', Value: [`${uid}.1.1`] },
    '00080050': { vr: 'SH', Value: [`L${number}`] },
    '00080060': { vr: 'CS', Value: ['CT'] },
    '0020000D': { vr: 'UI', Value: [uid] },
    '0020000E': { vr: 'UI', Value: [`${uid}.1`] },
  };
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify([event]) };
}
