// Duplicates and disorder: whatever the arrival, the cloud ends byte for byte as after the clean run.
import { describe, expect, test } from 'vitest';
import { silentTelemetry } from '../../runtime/contracts/telemetry.ts';
import { createHurtLog } from '../../runtime/log/hurt/hurt-log.ts';
import { type SeededRandom, seededRandom } from '../../runtime/log/hurt/seeded-random.ts';

import type { LogUnderTest } from '../runtime/log/log-under-test.ts';
import { ManualClock } from '../runtime/log/manual-clock.ts';
import { entryOf, type HospitalEvent, hospitalEvents, isCancelled } from './eventful-hospital.ts';
import { openLogOfRun } from './log-of-run.ts';
import { logCodec } from './log-records.ts';
import { openWholeWay, QUIET_MS } from './whole-way.ts';

const SEED = Number(process.env['STUDYBRIDGE_TEST_SEED'] ?? Date.now() % 1_000_000);
const STUDIES = 120;
const INSTANCES_EACH = 9;
const WINDOW = 1_000;
const REPEATS_MAX = 5;
/** Between two of these time passes, so that the cloud is told of what is half there. */
const PIECE = 400;

describe('duplicates and disorder', () => {
  test(`the cloud ends as after the clean run, byte for byte, when each event comes 1 to 5 times, shuffled in windows of 1,000 (STUDYBRIDGE_TEST_SEED=${SEED})`, async () => {
    console.log(`STUDYBRIDGE_TEST_SEED=${SEED}`);
    const events = hospitalEvents(STUDIES, INSTANCES_EACH);
    const random = seededRandom(SEED);
    const arrivals = shuffled(repeated(events, random), random);
    expect(arrivals.length).toBeGreaterThan(2 * events.length);

    const clean = await ended(events, await openLogOfRun());
    expect([...clean.keys()].filter((name) => !name.includes('report'))).toHaveLength(
      Array.from({ length: STUDIES }, (_, number) => number).filter((number) => !isCancelled(number)).length,
    );
    expect(differences(await ended(arrivals, await openLogOfRun()), clean)).toEqual([]);
  });

  test(`the same holds on a log made to hurt: gaps, redelivery, changes of owner in a batch (STUDYBRIDGE_TEST_SEED=${SEED})`, async () => {
    const events = hospitalEvents(STUDIES / 4, INSTANCES_EACH);
    const random = seededRandom(SEED);
    const clean = await ended(events, await openLogOfRun());
    const arrivals = shuffled(repeated(events, random), random);
    expect(differences(await ended(arrivals, openHurtLog()), clean)).toEqual([]);
  });
});

async function ended(events: readonly HospitalEvent[], log: LogUnderTest): Promise<ReadonlyMap<string, string>> {
  await using way = await openWholeWay(log);
  for (let at = 0; at < events.length; at += PIECE) {
    await way.append(events.slice(at, at + PIECE).map((event) => entryOf(event, way)));
    await way.read();
    await way.pass(QUIET_MS / 2);
  }
  await way.settled();
  expect(log.fatal).toEqual([]);
  return await way.finalState();
}

/** The first few, so that they can be read. */
function differences(
  found: ReadonlyMap<string, string>,
  wanted: ReadonlyMap<string, string>,
): readonly (readonly [name: string, found: string | undefined, wanted: string | undefined])[] {
  return [...new Set([...found.keys(), ...wanted.keys()])]
    .filter((name) => found.get(name) !== wanted.get(name))
    .slice(0, 5)
    .map((name) => [name, found.get(name), wanted.get(name)]);
}

function openHurtLog(): LogUnderTest {
  const clock = new ManualClock();
  const fatal: Error[] = [];
  const log = createHurtLog({
    seed: SEED,
    clock,
    telemetry: silentTelemetry,
    codec: logCodec,
    onFatal: (error) => fatal.push(error),
  });
  return { log, clock, fatal, close: async () => log[Symbol.asyncDispose]() };
}

function repeated<T>(items: readonly T[], random: SeededRandom): readonly T[] {
  return items.flatMap((item) => Array.from({ length: 1 + random.below(REPEATS_MAX) }, () => item));
}

function shuffled<T>(items: readonly T[], random: SeededRandom): readonly T[] {
  const windows: T[] = [];
  for (let at = 0; at < items.length; at += WINDOW) {
    const window = items.slice(at, at + WINDOW).map((item) => ({ item, rank: random.below(2 ** 30) }));
    windows.push(...window.sort((a, b) => a.rank - b.rank).map(({ item }) => item));
  }
  return windows;
}
