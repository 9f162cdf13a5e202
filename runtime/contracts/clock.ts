// Time, as something that is handed in.
import { setTimeout as delay } from 'node:timers/promises';

export interface Clock {
  /** Wall time, ms since 1970 UTC; may jump. For timestamps only. */
  nowMs(): number;
  /** Never goes back. For measuring and time-outs only. */
  monotonicMs(): number;
  /** Resolves after the duration; rejects with the signal's reason when it aborts first. */
  sleep(durationMs: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (durationMs, signal) => {
    await delay(durationMs, undefined, { signal });
  },
};
