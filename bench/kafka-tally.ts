// The image tally on Kafka, exactly once, beside the same count written with Kafka Streams.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { singleObjectCodec } from '../codecs/avro/record-codec.ts';
import { silentTelemetry } from '../runtime/contracts/telemetry.ts';
import type { PlacedMessage } from '../runtime/log/kafka/grouped-messages.ts';
import { openKafkaLog } from '../runtime/log/kafka/kafka-log.ts';
import { partitionFor } from '../runtime/log/kafka/partitioner.ts';
import { createTopics } from '../runtime/log/kafka/topic-admin.ts';
import { expectedTopics } from '../runtime/log/kafka/topic-settings.ts';
import { peakMiB, withFolder } from './child-process.ts';
import { instanceRecord } from './instance-record.ts';
import { type BenchBroker, benchBroker, randomPrefix } from './kafka-broker.ts';
import { benchLog, fill, kafkaFor, PARTITIONS, readWhole, topic, withAdmin } from './kafka-cluster.ts';
import { countedImages } from './kafka-images.ts';
import type { Benchmark, Figures } from './measurement.ts';
import { type StoreEventIdentity, storeEvents, type Truth } from './store-events.ts';
import { runStreams } from './streams.ts';

const SIZE = {
  events: Number(process.env['BENCH_TALLY_EVENTS'] ?? 1_000_000),
  studies: Number(process.env['BENCH_TALLY_STUDIES'] ?? 10_000),
};
const SIDE = fileURLToPath(new URL('./kafka-tally-side.js', import.meta.url));
const ABANDONED_AFTER_MS = 300_000;
const TICKS_PER_SECOND = 100;

export const kafkaTallyBenchmark: Benchmark = {
  name: 'kafka-tally',
  what: `${SIZE.events.toLocaleString('en-US')} store events (10 % repeats) of ${SIZE.studies.toLocaleString('en-US')} studies, 200 open at a time, ${PARTITIONS} partitions, until everything is committed; peer: Kafka Streams, exactly_once_v2, RocksDB, JSON.`,
  sides: [
    { name: 'bridge, one process', measure: () => withFolder((folder) => measureBridge(folder, 1)) },
    { name: 'bridge, two processes', measure: () => withFolder((folder) => measureBridge(folder, 2)) },
    { name: 'Kafka Streams', measure: measureStreams },
  ],
  aims: [
    { side: 'bridge, one process', figure: 'eventsPerSecond', against: 'Kafka Streams', atLeast: 0.5 },
    { side: 'bridge, two processes', figure: 'eventsPerSecond', against: 'Kafka Streams', atLeast: 0.5 },
    { side: 'bridge, two processes', figure: 'eventsPerSecond', against: 'Kafka Streams', atLeast: 1 },
  ],
};

interface Filled {
  readonly broker: BenchBroker;
  readonly prefix: string;
  readonly truth: Truth;
}

let filled: Promise<Filled> | undefined;

/** The events are written once and read by every run. */
function filledTopics(): Promise<Filled> {
  filled ??= fillTopics();
  return filled;
}

async function fillTopics(): Promise<Filled> {
  const broker = await benchBroker();
  const prefix = randomPrefix();
  const kafka = kafkaFor(broker.bootstrap);
  const [own, json] = [`${prefix}dicom.instances`, `${prefix}events.json`];
  await madeTopics(broker, prefix);
  await withAdmin(kafka, (admin) => admin.createTopics({ topics: [topic(json)], waitForLeaders: true }));
  await fill(kafka, own, messagesOf(ownMessage()));
  await fill(kafka, json, messagesOf(jsonMessage));
  return { broker, prefix, truth: truthOf() };
}

function* messagesOf(message: (event: StoreEventIdentity) => PlacedMessage): Generator<PlacedMessage> {
  for (const event of storeEvents(SIZE)) yield message(event);
}

function truthOf(): Truth {
  const events = storeEvents(SIZE);
  for (;;) {
    const { done, value } = events.next();
    if (done === true) return value;
  }
}

function ownMessage(): (event: StoreEventIdentity) => PlacedMessage {
  const codec = singleObjectCodec();
  return ({ study, series, instance }) => {
    const record = instanceRecord(study, instance, series);
    const { key, partitionKey, value, headers } = codec.entry('dicom.instances', record, { trace: '0123456789abcdef' });
    return {
      key,
      value: value === null ? null : Buffer.from(value),
      headers: Object.fromEntries(headers),
      partition: partitionFor(partitionKey, PARTITIONS),
    };
  };
}

/** As the peer was first measured: about 300 bytes, no headers. */
function jsonMessage({ study, series, instance }: StoreEventIdentity): PlacedMessage {
  const uid = `1.2.826.0.1.3680043.8.498.10.${1_000_000 + study}`;
  const value = `{"event":"stored","at":"2025-03-14T10:15:00.000Z","aet":"CT01","study":"${uid}","series":"${uid}.${series}","sop":"${uid}.${series}.${100_000 + instance}","class":"1.2.840.10008.5.1.4.1.1.2","accession":"A${study}","modality":"CT","bytes":526336}`;
  return { key: uid, value, partition: partitionFor(uid, PARTITIONS) };
}

async function measureBridge(folder: string, processes: number): Promise<Figures> {
  const { broker, prefix, truth } = await filledTopics();
  const kafka = kafkaFor(broker.bootstrap);
  await freshTopics(prefix);
  const began = Date.now();
  const sides = Array.from({ length: processes }, (_, index) =>
    startSide([broker.bootstrap, prefix, join(folder, String(index))]),
  );
  await readWhole(kafka, `${prefix}tally`, `${prefix}dicom.instances`, AbortSignal.timeout(ABANDONED_AFTER_MS));
  const ended = Date.now();
  const cpuSeconds = sides.reduce((sum, { child }) => sum + cpuSecondsOf(child.pid ?? 0), 0);
  const peakRssMiB = sides.reduce((sum, { child }) => sum + peakMiB(child.pid ?? 0), 0);
  const firstAt = Math.min(...sides.map(({ firstEventAtMs }) => firstEventAtMs()));
  await Promise.all(sides.map(({ stop }) => stop()));
  const log = await openKafkaLog({ ...benchLog(broker.bootstrap, prefix, join(folder, 'reader')), topology: [] });
  const { snapshots, ...counted } = await countedImages(log, singleObjectCodec());
  await log[Symbol.asyncDispose]();
  assert.deepEqual(counted, truth, 'the tally counts exactly');
  return {
    eventsPerSecond: SIZE.events / ((ended - began) / 1_000),
    fromFirstPerSecond: SIZE.events / ((ended - firstAt) / 1_000),
    cpuSecondsPer10k: (cpuSeconds / SIZE.events) * 10_000,
    peakRssMiB,
    snapshots,
  };
}

/** Everything but the events begins empty: each run counts from zero. */
async function freshTopics(prefix: string): Promise<void> {
  const { broker } = await filledTopics();
  const old = ['study.images', 'tally.changelog', 'dead.letters'].map((name) => `${prefix}${name}`);
  await withAdmin(kafkaFor(broker.bootstrap), async (admin) => {
    const there = new Set(await admin.listTopics());
    if (old.every((name) => there.has(name))) {
      await admin.deleteGroups([`${prefix}tally`]).catch(() => {
        // There is none before the first run.
      });
      await admin.deleteTopics({ topics: old });
      // The broker removes in its own time, and refuses the name until it has.
      while ((await admin.listTopics()).some((name) => old.includes(name)));
    }
  });
  await madeTopics(broker, prefix);
}

/** As `studybridge topics create` makes them. */
async function madeTopics(broker: BenchBroker, prefix: string): Promise<void> {
  const { connection, layout } = benchLog(broker.bootstrap, prefix, '');
  await createTopics(connection, silentTelemetry, expectedTopics(layout, [{ name: 'tally' }]));
}

interface RunningSide {
  readonly child: ChildProcess;
  firstEventAtMs(): number;
  stop(): Promise<void>;
}

function startSide(args: readonly string[]): RunningSide {
  const profile = process.env['BENCH_CPU_PROFILE'];
  const profiled = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const child = spawn(process.execPath, [...profiled, SIDE, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return {
    child,
    firstEventAtMs: () => Number(/first event at (\d+)/.exec(printed)?.[1] ?? Number.POSITIVE_INFINITY),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** User and system time of a process so far. */
function cpuSecondsOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function measureStreams(): Promise<Figures> {
  const { broker, prefix, truth } = await filledTopics();
  const line = await runStreams({
    BROKER: broker.bootstrap,
    TOPIC: `${prefix}events.json`,
    OUT: `${prefix}counts`,
    SHAPE: 'keys',
    GUARANTEE: 'exactly_once_v2',
    EVENTS: String(SIZE.events),
  });
  const counted = { instances: line['instances'], series: line['series'], studies: line['studies'] };
  assert.deepEqual(counted, truth, 'Kafka Streams counts exactly');
  assert.equal(line['lag'], 0);
  return {
    eventsPerSecond: line['per_s_from_start'] ?? 0,
    fromFirstPerSecond: line['per_s_from_first'] ?? 0,
    committedPerSecond: line['per_s_committed'] ?? 0,
    cpuSecondsPer10k: line['cpu_s_per_10k'] ?? 0,
    peakRssMiB: line['peak_mib'] ?? 0,
    snapshots: line['out_records'] ?? 0,
  };
}
