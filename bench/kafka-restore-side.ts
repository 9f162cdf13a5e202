// Restores one task partition twice, from nothing and from its copy: `kafka-restore-side BROKER TOPIC THROUGH FOLDER`.
import assert from 'node:assert/strict';
import { systemClock } from '../runtime/contracts/clock.ts';
import { silentTelemetry } from '../runtime/contracts/telemetry.ts';
import { restore } from '../runtime/log/kafka/changelog.ts';
import { openClusterReader } from '../runtime/log/kafka/cluster-reader.ts';
import { openStateCache } from '../runtime/state/state-cache.ts';
import { anonymousMiB } from './child-process.ts';
import { benchLog } from './kafka-cluster.ts';
import { entryKey, RESTORED_ENTRIES, RESTORED_STORE } from './kafka-restore.ts';

const [bootstrap = '', topic = '', through = '', folder = ''] = process.argv.slice(2);

const cold = await restoredSeconds();
const warm = await restoredSeconds();
assert.equal(cold.changes, RESTORED_ENTRIES);
assert.equal(warm.changes, 0);
const figures = { coldSeconds: cold.seconds, warmSeconds: warm.seconds, anonymousMiB: anonymousMiB('self') };
process.stdout.write(`${JSON.stringify(figures)}\n`);

async function restoredSeconds(): Promise<{ readonly seconds: number; readonly changes: number }> {
  const began = performance.now();
  const cache = await openStateCache({ folder, identity: topic, clock: systemClock, dropped: () => {} });
  const reader = await openClusterReader(benchLog(bootstrap, '', folder).connection, silentTelemetry);
  const signal = new AbortController().signal;
  const { changes } = await restore({ reader, topic, partition: 0, cache, through: BigInt(through), signal });
  const seconds = (performance.now() - began) / 1_000;
  assert.notEqual(cache.store(RESTORED_STORE).get(entryKey(RESTORED_ENTRIES - 1)), undefined);
  await reader[Symbol.asyncDispose]();
  await cache[Symbol.asyncDispose]();
  return { seconds, changes };
}
