// Poison: what is malformed becomes a dead letter with its reason and position, and nothing else suffers.
import { describe, expect, test } from 'vitest';
import { hospitalEvents } from './eventful-hospital.ts';
import { POISON_KINDS } from './poison.ts';
import { poisonedRun } from './poisoned-run.ts';

const SEED = Number(process.env['STUDYBRIDGE_TEST_SEED'] ?? Date.now() % 1_000_000);

describe('poison', () => {
  test(`invariant 3: 1 % malformed among thousands of messages and instances are dead letters with reason and position, and every other study arrives (STUDYBRIDGE_TEST_SEED=${SEED})`, async () => {
    console.log(`STUDYBRIDGE_TEST_SEED=${SEED}`);
    const events = hospitalEvents(300, 9);
    expect(events.length).toBeGreaterThan(3_500);
    const plan = { events, seed: SEED, piece: 250 };
    const clean = await poisonedRun({ ...plan, poisonShare: 0 });
    const poisoned = await poisonedRun({ ...plan, poisonShare: 0.01 });
    expect(clean.faults).toEqual([]);
    expect(poisoned.poisoned).toBeGreaterThanOrEqual(POISON_KINDS);
    expect(poisoned.faults).toEqual([]);
    expect(clean.finalState.size).toBeGreaterThan(300);
    expect([...poisoned.finalState].filter(([name, body]) => clean.finalState.get(name) !== body)).toEqual([]);
    expect(poisoned.finalState.size).toBe(clean.finalState.size);
  });
});
