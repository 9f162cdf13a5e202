// Proof: SIGTERM in the middle of the work loses nothing and ends with 0, again and again.
import { describe, expect, test } from 'vitest';
import { startCheckedCloud } from './cloud-check.ts';
import { hospitalDay } from './hospital-day.ts';
import { type Ending, liveAndDie } from './killed-lives.ts';

const TERMINATIONS = 20;

describe('a process that is told to end', () => {
  test('SIGTERM under load 20 times: nothing is lost and every exit code is 0', { timeout: 300_000 }, async () => {
    await using cloud = await startCheckedCloud();
    const endings = Array.from(
      { length: TERMINATIONS },
      (_, life): Ending => ({ how: 'terminate', afterMs: (life * 37) % 300 }),
    );
    const outcome = await liveAndDie({ day: hospitalDay(200, 10), endings, cloud });
    expect(outcome.violations).toEqual([]);
    expect([...outcome.ends]).toEqual([['exit 0', TERMINATIONS]]);
  });
});
