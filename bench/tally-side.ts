// One side of the tally benchmark, in a process of its own: `tally-side task|memory open|passing`.
import { singleObjectCodec } from '../codecs/avro/record-codec.ts';
import { tallyTask } from '../processors/tally/tally-task.ts';
import { systemClock } from '../runtime/contracts/clock.ts';
import type { RecordLog } from '../runtime/contracts/record-log.ts';
import { silentTelemetry } from '../runtime/contracts/telemetry.ts';
import { openEmbeddedLog } from '../runtime/log/embedded/embedded-log.ts';
import type { DicomInstance } from '../schemas/records.ts';
import { anonymousMiB, withFolder } from './child-process.ts';
import { instanceRecord } from './instance-record.ts';

interface Shape {
  readonly events: number;
  /** The event's study, instance and series, by its number. */
  record(event: number): DicomInstance;
}

/** Every event of a batch touches another study. */
const OPEN_STUDIES = 100_000;
/** As hospitals send, and as Kafka Streams was measured: 200 studies at a time, 100 images in 5 series each. */
const STUDIES_AT_A_TIME = 200;
const IMAGES = 100;
const SERIES = 5;

const SHAPES: Readonly<Record<string, Shape>> = {
  open: {
    events: 500_000,
    record: (event) => instanceRecord(event % OPEN_STUDIES, Math.floor(event / OPEN_STUDIES)),
  },
  passing: {
    events: 1_000_000,
    record: (event) => {
      const group = Math.floor(event / (STUDIES_AT_A_TIME * IMAGES));
      const instance = Math.floor(event / STUDIES_AT_A_TIME) % IMAGES;
      return instanceRecord(group * STUDIES_AT_A_TIME + (event % STUDIES_AT_A_TIME), instance, instance % SERIES);
    },
  },
};

const CHUNK = 1_000;
const signal = new AbortController().signal;
const codec = singleObjectCodec();

const [side, shapeName = ''] = process.argv.slice(2);
const shape = SHAPES[shapeName];
if (shape === undefined) throw new Error('tally-side task|memory open|passing');
const { events, record } = shape;
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
  for (let from = 0; from < events; from += CHUNK) {
    const entries = Array.from({ length: CHUNK }, (_, index) => {
      const event = from + index;
      // Every tenth event repeats the one that came ten studies before it.
      return codec.entry('dicom.instances', record(event % 10 === 9 ? event - 9 : event), { trace: '0' });
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
  return { instancesPerSecond: events / seconds, anonymousMiB: peak };
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
  return { instancesPerSecond: events / seconds, anonymousMiB: anonymousMiB('self') };
}
