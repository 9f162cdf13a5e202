// Proof: whatever moment the process is killed at, what was acknowledged arrives, once and right.
import { describe, expect, test } from 'vitest';
import type { CrashPoint } from '../../runtime/contracts/crash-point.ts';
import { brokenBuild } from './broken-build.ts';
import { startCheckedCloud } from './cloud-check.ts';
import { hospitalDay } from './hospital-day.ts';
import { type Ending, liveAndDie } from './killed-lives.ts';
import { EARLY_DICOM, EARLY_HL7 } from './sabotage.ts';

const SEED = Number(process.env['STUDYBRIDGE_TEST_SEED'] ?? Date.now() % 1_000_000);
const KILLS = 100;
const POINTS: readonly CrashPoint[] = [
  'append.before',
  'append.after',
  'flush.before',
  'flush.after',
  'acknowledge.before',
  'acknowledge.after',
  'commit.before',
  'commit.after',
  'request.sent',
  'answer.read',
  'restore',
  'drain',
];

describe('a process that is killed', () => {
  test('invariants 1, 2 and 3: 100 kills during 2,000 messages and 5,000 instances lose, double and distort nothing', {
    timeout: 600_000,
  }, async () => {
    console.log(`seed ${SEED}`);
    await using cloud = await startCheckedCloud();
    const outcome = await liveAndDie({ day: hospitalDay(500, 10), endings: killEndings(KILLS), cloud });
    console.log(`ends: ${JSON.stringify([...outcome.ends])}`);
    expect(outcome.violations).toEqual([]);
    expect([...outcome.ends.values()].reduce((sum, count) => sum + count, 0)).toBe(KILLS);
    // The faults happened: each point ended a life.
    for (const point of POINTS) expect(outcome.ends.get(point) ?? 0, point).toBeGreaterThan(0);
  });

  test.each([
    ['HL7', EARLY_HL7],
    ['C-STORE', EARLY_DICOM],
  ])(
    'the same proof fails on a build that acknowledges %s before the log has answered',
    { timeout: 120_000 },
    async (_, breaks) => {
      await using cloud = await startCheckedCloud();
      const dist = brokenBuild(breaks);
      const endings = Array.from(
        { length: 6 },
        (): Ending => ({ how: 'crash point', point: 'flush.before', passage: 2 }),
      );
      const outcome = await liveAndDie({ day: hospitalDay(20, 2), endings, cloud, dist, settleMs: 3_000 });
      expect(outcome.violations.filter((text) => text.startsWith('acknowledged and not in the log'))).not.toEqual([]);
    },
  );
});

function killEndings(count: number): readonly Ending[] {
  const random = randomOf(SEED);
  return Array.from({ length: count }, (_, life): Ending => {
    const point = POINTS[Math.floor(life / 2) % POINTS.length];
    if (life % 2 === 0 || point === undefined) return { how: 'kill', afterMs: Math.floor(random() * 400) };
    return { how: 'crash point', point, passage: 1 + Math.floor(random() * 4) };
  });
}

/** Mulberry32: small, seeded, good enough to spread kills over time. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
