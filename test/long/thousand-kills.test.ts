// Proof, long: a thousand kills, every crash point at least twenty times.
import { describe, expect, test } from 'vitest';
import { startCheckedCloud } from '../proofs/cloud-check.ts';
import { hospitalDay } from '../proofs/hospital-day.ts';
import { CRASH_POINTS, killEndings, SEED } from '../proofs/kill-plan.ts';
import { liveAndDie } from '../proofs/killed-lives.ts';

const KILLS = 1_000;
const TIMES_EACH = 20;

describe('a process that is killed a thousand times', () => {
  test('1,000 kills during 8,000 messages and 20,000 instances lose, double and distort nothing', async () => {
    console.log(`seed ${SEED}`);
    await using cloud = await startCheckedCloud();
    const outcome = await liveAndDie({ day: hospitalDay(2_000, 10), endings: killEndings(KILLS), cloud });
    console.log(`ends: ${JSON.stringify([...outcome.ends])}`);
    expect(outcome.violations).toEqual([]);
    for (const point of CRASH_POINTS) expect(outcome.ends.get(point) ?? 0, point).toBeGreaterThanOrEqual(TIMES_EACH);
  });
});
