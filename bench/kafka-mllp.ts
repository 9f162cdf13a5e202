// MLLP to the broker's acknowledgement: the connectors role beside a bare server that only frames and sends.
import { fileURLToPath } from 'node:url';
import { startServer, withFolder } from './child-process.ts';
import { benchBroker, randomPrefix } from './kafka-broker.ts';
import { kafkaFor, topic, withAdmin } from './kafka-cluster.ts';
import { rolePlace, startRole } from './kafka-roles.ts';
import type { Benchmark, Figures, RunOptions, Side } from './measurement.ts';
import { type MllpShape, mllpLoad } from './mllp-load.ts';

const FLOOR = fileURLToPath(new URL('./peers/node-floor.js', import.meta.url));
const FLOOR_IS = 'floor: frame, MSH-10, PID-3, kafkajs with acks=all, answer';

export const kafkaMllpBenchmarks: readonly Benchmark[] = [
  benchmark('kafka-mllp-16x1', '16 connections, one unanswered each', { connections: 16, window: 1 }),
  benchmark('kafka-mllp-1x64', 'one connection with 64 unanswered', { connections: 1, window: 64 }),
  benchmark('kafka-mllp-1x1', 'one connection, one at a time', { connections: 1, window: 1 }),
];

function benchmark(name: string, how: string, shape: MllpShape): Benchmark {
  return {
    name,
    what: `1.5 KB ORU^R01 on ${how}, to the broker's acknowledgement, the connectors role; ${FLOOR_IS}.`,
    sides: sidesOf(shape),
    aims: [{ side: 'bridge', figure: 'messagesPerSecond', against: 'bare floor', atLeast: 0.8 }],
  };
}

function sidesOf(shape: MllpShape): readonly Side[] {
  return [
    { name: 'bridge', measure: (options) => withFolder((folder) => measureBridge(folder, shape, options)) },
    { name: 'bare floor', measure: (options) => measureFloor(shape, options) },
  ];
}

async function measureBridge(folder: string, shape: MllpShape, options: RunOptions): Promise<Figures> {
  const place = await rolePlace(folder);
  return mllpLoad(await startRole(place, 'connectors', /MLLP\s.*:(\d+)/), shape, options);
}

async function measureFloor(shape: MllpShape, options: RunOptions): Promise<Figures> {
  const { bootstrap } = await benchBroker();
  const made = topic(`${randomPrefix()}floor`);
  await withAdmin(kafkaFor(bootstrap), (admin) => admin.createTopics({ topics: [made], waitForLeaders: true }));
  return mllpLoad(await startServer([FLOOR, bootstrap, made.topic], /port (\d+)/, {}), shape, options);
}
