// When silence is a stall, and when it is not.
import { expect, test } from 'vitest';
import { FetchWatchdog } from '../../../../runtime/log/kafka/fetch-watchdog.ts';
import { ManualClock } from '../manual-clock.ts';

const STALLED_MS = 60_000;
const TICK_MS = STALLED_MS / 20;

function watched() {
  const clock = new ManualClock();
  const stalls: number[] = [];
  const watchdog = new FetchWatchdog({ clock, stalledMs: STALLED_MS, stalled: (waitedMs) => stalls.push(waitedMs) });
  watchdog.start();
  const pass = async (durationMs: number, stepMs = TICK_MS): Promise<void> => {
    for (let left = durationMs; left > 0; left -= stepMs) {
      clock.advance(Math.min(left, stepMs));
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { watchdog, stalls, pass };
}

test('fetch watchdog: a fetch without an answer for the whole time is a stall, told once', async () => {
  const { watchdog, stalls, pass } = watched();
  watchdog.noteAsked();
  await pass(STALLED_MS - TICK_MS);
  expect(stalls).toEqual([]);
  await pass(TICK_MS);
  expect(stalls).toEqual([STALLED_MS]);
  await pass(STALLED_MS * 3);
  expect(stalls.length).toBe(1);
});

test('fetch watchdog: silence is no stall while nothing was asked for', async () => {
  const { watchdog, stalls, pass } = watched();
  watchdog.noteAsked();
  await pass(STALLED_MS / 2);
  watchdog.noteAnswer();
  await pass(STALLED_MS * 10);
  expect(stalls).toEqual([]);
});

test('fetch watchdog: each answer begins the time anew, a further question does not', async () => {
  const { watchdog, stalls, pass } = watched();
  for (let round = 0; round < 5; round += 1) {
    watchdog.noteAsked();
    await pass(STALLED_MS - TICK_MS);
    watchdog.noteAnswer();
  }
  expect(stalls).toEqual([]);
  for (let round = 0; round < 20; round += 1) {
    watchdog.noteAsked();
    await pass(TICK_MS);
  }
  expect(stalls.length).toBe(1);
});

test('fetch watchdog: a process that was stopped for ten minutes does not end on waking', async () => {
  const { watchdog, stalls, pass } = watched();
  watchdog.noteAsked();
  await pass(STALLED_MS / 2);
  await pass(600_000, 600_000);
  expect(stalls).toEqual([]);
  await pass(STALLED_MS / 2);
  expect(stalls.length).toBe(1);
});

test('fetch watchdog: nothing is told after it was stopped', async () => {
  const { watchdog, stalls, pass } = watched();
  watchdog.noteAsked();
  watchdog.stop();
  await pass(STALLED_MS * 2);
  expect(stalls).toEqual([]);
});
