// One side of the tally benchmark, in a process of its own: `tally-side task|memory`.
import { singleObjectCodec } from '../codecs/avro/record-codec.ts';
import { tallyTask } from '../processors/tally/tally-task.ts';
import { systemClock } from '../runtime/contracts/clock.ts';
import type { RecordLog } from '../runtime/contracts/record-log.ts';
import { silentTelemetry } from '../runtime/contracts/telemetry.ts';
import { openEmbeddedLog } from '../runtime/log/embedded/embedded-log.ts';
import { anonymousMiB, withFolder } from './child-process.ts';
import { instanceRecord } from './instance-record.ts';

const EVENTS = 500_000;
const STUDIES = 100_000;
const CHUNK = 1_000;
const signal = new AbortController().signal;
const codec = singleObjectCodec();

const [side] = process.argv.slice(2);
const figures = await withFolder(async (folder) => {
  const log = await openEmbeddedLog({ folder, clock: systemClock, telemetry: silentTelemetry, codec });
  await fill(log);
  globalThis.gc?.();
  const measured = side === 'memory' ? await countInMemory(log) : await runTask(log);
  await log[Symbol.asyncDispose]();
  return measured;
});
process.stdout.write(`${JSON.stringify(figures)}\n`);

async function fill(log: RecordLog): Promise<void> {
  for (let from = 0; from < EVENTS; from += CHUNK) {
    const entries = Array.from({ length: CHUNK }, (_, index) => {
      const event = from + index;
      // Every tenth event repeats the one that came ten studies before it.
      const number = event % 10 === 9 ? event - 9 : event;
      return codec.entry('dicom.instances', instanceRecord(number % STUDIES, Math.floor(number / STUDIES)), {
        trace: '0',
      });
    });
    await log.append(entries, signal);
  }
}

async function runTask(log: RecordLog): Promise<Record<string, number>> {
  const task = tallyTask({ codec });
  const began = performance.now();
  const service = log.run(task);
  await service.start(signal);
  let peak = 0;
  for (;;) {
    const { tasks } = await log.describe(signal);
    peak = Math.max(peak, anonymousMiB('self'));
    if (tasks.every(({ inputs }) => inputs.every(({ position, end }) => position >= end))) break;
    await systemClock.sleep(50, signal);
  }
  const seconds = (performance.now() - began) / 1_000;
  await service.drain(signal);
  return { instancesPerSecond: EVENTS / seconds, anonymousMiB: peak };
}

async function countInMemory(log: RecordLog): Promise<Record<string, number>> {
  const studies = new Map<string, Map<string, Set<string>>>();
  const began = performance.now();
  for await (const records of log.scan('dicom.instances', {}, signal)) {
    for (const record of records) {
      const decoded = codec.decode('dicom.instances', record.value ?? Buffer.alloc(0));
      if (!decoded.ok) throw new Error(decoded.failure.code);
      const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = decoded.value;
      const series = studies.get(studyInstanceUid) ?? new Map<string, Set<string>>();
      studies.set(studyInstanceUid, series);
      const instances = series.get(seriesInstanceUid) ?? new Set<string>();
      series.set(seriesInstanceUid, instances);
      instances.add(sopInstanceUid);
    }
  }
  const seconds = (performance.now() - began) / 1_000;
  return { instancesPerSecond: EVENTS / seconds, anonymousMiB: anonymousMiB('self') };
}
