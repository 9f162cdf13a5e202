// Fills a data directory with what waits, in a process of its own: `restart-side FOLDER`.
import { singleObjectCodec } from '../codecs/avro/record-codec.ts';
import { systemClock } from '../runtime/contracts/clock.ts';
import type { Entry, RecordLog } from '../runtime/contracts/record-log.ts';
import { silentTelemetry } from '../runtime/contracts/telemetry.ts';
import { openEmbeddedLog } from '../runtime/log/embedded/embedded-log.ts';
import { cloudSinkTask } from '../sinks/cloud/cloud-sink.ts';
import { requestRecord } from './cloud-request-record.ts';
import { messageRecord } from './message-record.ts';

const WAITING = 100_000;
const CHUNK = 1_000;
const SITE = 'default';

const [folder = ''] = process.argv.slice(2);
const codec = singleObjectCodec();
const signal = new AbortController().signal;
const log = await openEmbeddedLog({ folder, clock: systemClock, telemetry: silentTelemetry, codec });
await fill(log, (number) => codec.entry('cloud.requests', requestRecord(SITE, number, 'study'), { trace: '0' }));
await takeIntoSink(log);
await fill(log, (number) => codec.entry('hl7.messages', messageRecord(SITE, number), { trace: '0' }));
await log[Symbol.asyncDispose]();

async function fill(into: RecordLog, entryOf: (number: number) => Entry): Promise<void> {
  for (let from = 0; from < WAITING; from += CHUNK) {
    await into.append(
      Array.from({ length: CHUNK }, (_, index) => entryOf(from + index)),
      signal,
    );
  }
}

/** The sink's state becomes the durable queue; nothing listens at its cloud. */
async function takeIntoSink(from: RecordLog): Promise<void> {
  const account = { url: 'http://127.0.0.1:9', appId: '1', token: '0', timeoutMs: 1_000, inFlightMax: 8 };
  const sites = new Map([[SITE, account]]);
  const sink = from.run(cloudSinkTask({ codec, clock: systemClock, telemetry: silentTelemetry, sites }));
  await sink.start(signal);
  for (;;) {
    const { tasks } = await from.describe(signal);
    if (tasks.every(({ inputs }) => inputs.every(({ position, end }) => position >= end))) break;
    await systemClock.sleep(20, signal);
  }
  await sink.drain(AbortSignal.timeout(1_000));
}
