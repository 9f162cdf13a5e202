// Poison at length: 1 % malformed in 100,000 costs less than a tenth of the throughput.
import { describe, expect, test } from 'vitest';
import { hospitalEvents } from '../end-to-end/eventful-hospital.ts';
import { poisonedRun } from '../end-to-end/poisoned-run.ts';

const SEED = Number(process.env['STUDYBRIDGE_TEST_SEED'] ?? Date.now() % 1_000_000);
/** 12.9 events each. */
const STUDIES = 7_800;
const ROUNDS = 3;
const LOSS_MAX = 0.1;

describe('poison at length', () => {
  test(`1 % malformed in 100,000: all are dead letters, every other study arrives, and less than 10 % of the throughput is lost (STUDYBRIDGE_TEST_SEED=${SEED})`, async () => {
    const events = hospitalEvents(STUDIES, 9);
    expect(events.length).toBeGreaterThan(100_000);
    const took: Record<'clean' | 'poisoned', number[]> = { clean: [], poisoned: [] };
    let wanted: ReadonlyMap<string, string> | undefined;
    for (let round = 0; round < ROUNDS; round += 1) {
      const plan = { events, seed: SEED + round, piece: 5_000 };
      const clean = await poisonedRun({ ...plan, poisonShare: 0 });
      const poisoned = await poisonedRun({ ...plan, poisonShare: 0.01 });
      wanted ??= clean.finalState;
      for (const { faults, finalState } of [clean, poisoned]) {
        expect(faults.slice(0, 10)).toEqual([]);
        expect(finalState.size).toBe(wanted.size);
        for (const [name, body] of finalState) if (wanted.get(name) !== body) expect.fail(`${name} differs`);
      }
      expect(poisoned.poisoned).toBeGreaterThan(900);
      took.clean.push(clean.tookMs);
      took.poisoned.push(poisoned.tookMs);
    }
    const loss = 1 - middle(took.clean) / middle(took.poisoned);
    console.log(
      `throughput lost: ${(100 * loss).toFixed(1)} % (STUDYBRIDGE_TEST_SEED=${SEED}, ms ${JSON.stringify(took)})`,
    );
    expect(loss).toBeLessThan(LOSS_MAX);
  });
});

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
