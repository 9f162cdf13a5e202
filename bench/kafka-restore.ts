// The restore of a task's state: from the changelog alone, and with the local copy of it.
import { changelogMessage, MARKER_KEY } from '../runtime/log/kafka/changelog.ts';
import type { PlacedMessage } from '../runtime/log/kafka/grouped-messages.ts';
import { figuresOf, withFolder } from './child-process.ts';
import { type BenchBroker, benchBroker, randomPrefix } from './kafka-broker.ts';
import { fill, kafkaFor, topic, withAdmin } from './kafka-cluster.ts';
import type { Benchmark, Figures } from './measurement.ts';

export const RESTORED_ENTRIES = 1_000_000;
export const RESTORED_STORE = 'instances';
const VALUE_BYTES = 200;

export const kafkaRestoreBenchmark: Benchmark = {
  name: 'kafka-restore',
  what: `${RESTORED_ENTRIES.toLocaleString('en-US')} state entries of ${VALUE_BYTES} bytes in one partition's changelog: until the state can be read, with no local copy and with one.`,
  sides: [{ name: 'bridge', measure: () => withFolder(measureRestore) }],
  aims: [
    { side: 'bridge', figure: 'coldSeconds', atMost: 6 },
    { side: 'bridge', figure: 'warmSeconds', atMost: 2 },
  ],
};

interface Changelog {
  readonly broker: BenchBroker;
  readonly name: string;
}

let changelog: Promise<Changelog> | undefined;

async function measureRestore(folder: string): Promise<Figures> {
  changelog ??= filledChangelog();
  const { broker, name } = await changelog;
  // The marker stands after the entries.
  return figuresOf('kafka-restore-side', [broker.bootstrap, name, String(RESTORED_ENTRIES), folder]);
}

async function filledChangelog(): Promise<Changelog> {
  const broker = await benchBroker();
  const kafka = kafkaFor(broker.bootstrap);
  const name = `${randomPrefix()}tally.changelog`;
  const made = topic(name, 'compact', 1);
  await withAdmin(kafka, (admin) => admin.createTopics({ topics: [made], waitForLeaders: true }));
  await fill(kafka, name, entries());
  return { broker, name };
}

function* entries(): Generator<PlacedMessage> {
  const bytes = Buffer.alloc(VALUE_BYTES, 'state');
  for (let number = 0; number < RESTORED_ENTRIES; number += 1) {
    yield { ...changelogMessage({ store: RESTORED_STORE, key: entryKey(number), bytes }), partition: 0 };
  }
  yield { key: MARKER_KEY, value: '', partition: 0 };
}

/** Site, study hash, instance hash: as long as the tally's keys, 100 instances a study. */
export function entryKey(number: number): string {
  const study = Math.floor(number / 100);
  // Spread like a hash, so that entries do not arrive in the order of their keys.
  const spread = Math.imul(study, 0x9e3779b1) >>> 0;
  return `bench/${spread.toString(36).padStart(12, '0')}${String(number).padStart(12, '0')}`;
}
