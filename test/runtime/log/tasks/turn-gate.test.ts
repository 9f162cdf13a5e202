// How tasks share the thread with senders, on a clock that the test moves.
import { expect, test } from 'vitest';
import { IntakePressure } from '../../../../runtime/log/tasks/intake-pressure.ts';
import { TurnGate } from '../../../../runtime/log/tasks/turn-gate.ts';
import { turns } from '../log-under-test.ts';
import { ManualClock } from '../manual-clock.ts';

/** A task that takes slices of `sliceMs` for `forMs`; tells how many it had. */
async function slicesWithin(forMs: number, sliceMs: number, pressed: boolean): Promise<number> {
  const clock = new ManualClock();
  const pressure = new IntakePressure(clock);
  // An append that stays on its way.
  if (pressed) pressure.appendBegan(100);
  const gate = new TurnGate({ clock, pressure, share: 0.1 });
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

function oneAppend(clock: ManualClock, pressure: IntakePressure): void {
  pressure.appendBegan(1);
  clock.advance(1);
  pressure.appendSettled();
}

test('intake pressure: a few messages are none, a stream is, and it passes when the stream pauses', () => {
  const clock = new ManualClock();
  const pressure = new IntakePressure(clock);
  for (let message = 0; message < 8; message += 1) {
    expect(pressure.felt).toBe(false);
    oneAppend(clock, pressure);
    clock.advance(2);
  }
  expect(pressure.felt).toBe(true);
  clock.advance(9);
  expect(pressure.felt).toBe(false);
  oneAppend(clock, pressure);
  expect(pressure.felt).toBe(false);
});

test('intake pressure: messages that come one by one after pauses are none, however many', () => {
  const clock = new ManualClock();
  const pressure = new IntakePressure(clock);
  for (let message = 0; message < 100; message += 1) {
    oneAppend(clock, pressure);
    clock.advance(5);
    expect(pressure.felt).toBe(false);
  }
});

test('intake pressure: a sender that waits behind tasks for each message is felt all the same', () => {
  const clock = new ManualClock();
  const pressure = new IntakePressure(clock);
  for (let message = 0; message < 8; message += 1) {
    oneAppend(clock, pressure);
    clock.advance(20);
    pressure.tasksTook(19);
  }
  expect(pressure.felt).toBe(true);
});
