// Proof: whatever moment the process is killed at, what was acknowledged arrives, once and right.
import { describe, expect, test } from 'vitest';
import { brokenBuild } from './broken-build.ts';
import { startCheckedCloud } from './cloud-check.ts';
import { hospitalDay } from './hospital-day.ts';
import { CRASH_POINTS, killEndings, SEED } from './kill-plan.ts';
import { type Ending, liveAndDie } from './killed-lives.ts';
import { EARLY_DICOM, EARLY_HL7 } from './sabotage.ts';

const KILLS = 100;

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
    for (const point of CRASH_POINTS) expect(outcome.ends.get(point) ?? 0, point).toBeGreaterThan(0);
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
