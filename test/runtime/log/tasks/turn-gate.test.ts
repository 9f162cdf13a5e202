// How tasks share the thread with senders, on a clock that the test moves.
import { expect, test } from 'vitest';
import { IntakePressure } from '../../../../runtime/log/tasks/intake-pressure.ts';
import { TurnGate } from '../../../../runtime/log/tasks/turn-gate.ts';
import { turns } from '../log-under-test.ts';
import { ManualClock } from '../manual-clock.ts';

/** A task that takes slices of `sliceMs` for `forMs`; tells how many it had. */
async function slicesWithin(forMs: number, sliceMs: number, pressed: boolean): Promise<number> {
  const clock = new ManualClock();
  const gate = new TurnGate({ clock, pressed: () => pressed, share: 0.1 });
  let slices = 0;
  let running = true;
  const work = async (): Promise<void> => {
    while (running) {
      await gate.turn();
      slices += 1;
      clock.advance(sliceMs);
      gate.charge(sliceMs);
    }
  };
  const worked = work();
  const untilMs = clock.monotonicMs() + forMs;
  while (clock.monotonicMs() < untilMs) {
    await turns(1);
    clock.advance(1);
  }
  running = false;
  for (let passed = 0; passed < 100; passed += 1) {
    clock.advance(10);
    await turns(1);
  }
  await worked;
  return slices;
}

test('turn gate: tasks have their share of the thread while senders keep the log busy, and are not starved', async () => {
  const slices = await slicesWithin(1_000, 2, true);
  expect(slices).toBeGreaterThanOrEqual(35);
  expect(slices).toBeLessThanOrEqual(55);
});

test('turn gate: tasks take turn after turn while senders pause', async () => {
  expect(await slicesWithin(1_000, 2, false)).toBeGreaterThan(250);
});

test('turn gate: one long slice does not keep tasks waiting for long', async () => {
  expect(await slicesWithin(1_000, 200, true)).toBeGreaterThanOrEqual(3);
});

test('intake pressure: a lone message is none, a stream is, and it passes when the stream pauses', () => {
  const clock = new ManualClock();
  const pressure = new IntakePressure(clock);
  clock.advance(1_000);
  pressure.noteAppend(1);
  expect(pressure.felt).toBe(false);
  for (let message = 0; message < 4; message += 1) {
    clock.advance(3);
    pressure.noteAppend(1);
  }
  expect(pressure.felt).toBe(true);
  clock.advance(25);
  expect(pressure.felt).toBe(false);
  pressure.noteAppend(64);
  expect(pressure.felt).toBe(true);
});
