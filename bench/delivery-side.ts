// One side of the delivery benchmark, in a process of its own: `delivery-side sink|bare PORT`.
import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';
import { singleObjectCodec } from '../codecs/avro/record-codec.ts';
import { systemClock } from '../runtime/contracts/clock.ts';
import type { RecordLog } from '../runtime/contracts/record-log.ts';
import { silentTelemetry } from '../runtime/contracts/telemetry.ts';
import { openEmbeddedLog } from '../runtime/log/embedded/embedded-log.ts';
import type { CloudRequestKind } from '../schemas/records.ts';
import { cloudSinkTask } from '../sinks/cloud/cloud-sink.ts';
import { anonymousMiB, withFolder } from './child-process.ts';
import { requestRecord } from './cloud-request-record.ts';

const STUDIES = 10_000;
const KINDS: readonly CloudRequestKind[] = ['study', 'report'];
const IN_FLIGHT = 64;
const CHUNK = 1_000;
const APP_ID = '100001';
const TOKEN = '0123456789abcdef0123456789abcdef';

const [side, port = '0'] = process.argv.slice(2);
const url = `http://127.0.0.1:${port}`;
const signal = new AbortController().signal;
const figures = side === 'bare' ? await barePosts() : await withFolder(sinkDeliveries);
process.stdout.write(`${JSON.stringify(figures)}\n`);

async function sinkDeliveries(folder: string): Promise<Record<string, number>> {
  const codec = singleObjectCodec();
  const log = await openEmbeddedLog({ folder, clock: systemClock, telemetry: silentTelemetry, codec });
  const requests = KINDS.flatMap((kind) =>
    Array.from({ length: STUDIES }, (_, number) => requestRecord('bench', number, kind)),
  );
  for (let from = 0; from < requests.length; from += CHUNK) {
    const chunk = requests.slice(from, from + CHUNK);
    await log.append(
      chunk.map((record) => codec.entry('cloud.requests', record, { trace: '0' })),
      signal,
    );
  }
  const account = {
    url,
    appId: APP_ID,
    token: TOKEN,
    timeoutMs: 10_000,
    inFlightMax: IN_FLIGHT,
    reportPath: '/report',
  };
  const sites = new Map([['bench', account]]);
  const sink = log.run(cloudSinkTask({ codec, clock: systemClock, telemetry: silentTelemetry, sites }));
  const began = performance.now();
  await sink.start(signal);
  await untilSettled(log, requests.length);
  const seconds = (performance.now() - began) / 1_000;
  const memory = anonymousMiB('self');
  await sink.drain(signal);
  await log[Symbol.asyncDispose]();
  return { deliveriesPerSecond: requests.length / seconds, anonymousMiB: memory, overlapping: await overlapping() };
}

/** Each request leaves one outcome in the log. */
async function untilSettled(log: RecordLog, requests: number): Promise<void> {
  for (;;) {
    const { topics } = await log.describe(signal);
    const outcomes = topics.find(({ topic }) => topic === 'cloud.deliveries');
    if (outcomes !== undefined && Number(outcomes.end) >= requests) return;
    await systemClock.sleep(20, signal);
  }
}

async function barePosts(): Promise<Record<string, number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  const total = STUDIES * KINDS.length;
  let next = 0;
  const sender = async (): Promise<void> => {
    while (next < total) {
      const number = next;
      next += 1;
      await post(agent, requestRecord('bench', number % STUDIES, number < STUDIES ? 'study' : 'report').body);
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, sender));
  const seconds = (performance.now() - began) / 1_000;
  agent.destroy();
  return { deliveriesPerSecond: total / seconds, anonymousMiB: anonymousMiB('self') };
}

function post(agent: Agent, body: string): Promise<void> {
  const timestamp = String(Date.now());
  const signature = createHmac('sha256', TOKEN).update(`${APP_ID}${timestamp}`).digest('hex');
  const headers = { 'content-type': 'application/json', appId: APP_ID, timestamp, signature };
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume().on('end', resolve);
    });
    call.on('error', reject).end(body);
  });
}

async function overlapping(): Promise<number> {
  const counts: { readonly overlapping: number } = JSON.parse(await (await fetch(`${url}/counts`)).text());
  return counts.overlapping;
}
