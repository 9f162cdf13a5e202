// Proof: whatever happens to the roles on Kafka, what was acknowledged arrives once, and what is committed stays.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ownBrokersAvailable } from '../../kafka/broker.ts';
import { type OwnBroker, ownBroker } from '../../kafka/own-broker.ts';
import { hasTool } from '../../requirements.ts';
import { brokenBuild } from '../broken-build.ts';
import { hospitalDay } from '../hospital-day.ts';
import { randomOf, SEED } from '../kill-plan.ts';
import { STATE_LEFT_OUT } from '../sabotage.ts';
import { ROLES } from './deployment.ts';
import { expectWhole, faultedDay } from './faulted-day.ts';
import { cacheFault, freezeFault, joinAndLeaveFault, killFault } from './faults.ts';

const brokers = await ownBrokersAvailable();
const kcat = hasTool('kcat');

const KILLS_EACH = 3;
const JOINS = 20;
/** Well above the session time-out of the processes under test, so that others take over meanwhile. */
const FROZEN_MS = 6_000;

describe.skipIf(!brokers || !kcat)('roles on Kafka', () => {
  // Its own, since members that were killed are to be missed sooner than other brokers allow.
  let broker: OwnBroker;
  beforeAll(async () => {
    broker = await ownBroker();
  });
  afterAll(() => broker[Symbol.asyncDispose]());

  test(`invariants 1, 2 and 3: each role is killed ${KILLS_EACH} times and the caches are deleted, and nothing is lost, doubled or out of order`, {
    timeout: 300_000,
  }, async () => {
    console.log(`seed ${SEED}`);
    const random = randomOf(SEED);
    const kills = Array.from({ length: KILLS_EACH }, () => ROLES.map((role) => killFault(role, random))).flat();
    const outcome = await faultedDay({
      bootstrap: broker.bootstrap,
      day: hospitalDay(60, 6),
      faults: [...kills, cacheFault()],
    });
    expectWhole(outcome, [...kills, cacheFault()]);
  });

  test('invariant 2: a frozen processor whose partitions were taken over commits nothing when it wakes', {
    timeout: 180_000,
  }, async () => {
    const random = randomOf(SEED);
    const faults = [freezeFault(FROZEN_MS, random)];
    const outcome = await faultedDay({
      bootstrap: broker.bootstrap,
      day: hospitalDay(150, 6),
      faults,
      processes: { connectors: 1, processors: 2, sinks: 1 },
    });
    expectWhole(outcome, faults);
    // It was fenced, and said so.
    expect(outcome.output).toMatch(/"fact":"kafka\.commit_failed"/);
  });

  test(`invariant 2: ${JOINS} processors join and leave under load`, { timeout: 300_000 }, async () => {
    const random = randomOf(SEED);
    const faults = Array.from({ length: JOINS / 2 }, () => joinAndLeaveFault('processors', random));
    const outcome = await faultedDay({ bootstrap: broker.bootstrap, day: hospitalDay(60, 6), faults });
    expectWhole(outcome, faults);
  });

  test('the same proof fails on a build that commits outputs without the state', { timeout: 120_000 }, async () => {
    const outcome = await faultedDay({
      bootstrap: broker.bootstrap,
      day: hospitalDay(20, 2),
      faults: [cacheFault()],
      dist: brokenBuild(STATE_LEFT_OUT),
      settleMs: 3_000,
    });
    // A revision that was written before is written again.
    expect(
      outcome.violations.filter((text) => /^(studies|study\.images)\/.*: \d+ after \d+ of /.test(text)),
    ).not.toEqual([]);
  });
});
