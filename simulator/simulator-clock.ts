// Time for the simulator, handed in like everywhere else; the same shape as the bridge's clock, which it may not import.
import { setTimeout as delay } from 'node:timers/promises';

export interface SimulatorClock {
  /** Wall time, ms since 1970 UTC. */
  nowMs(): number;
  /** Never goes back. For pacing and time-outs. */
  monotonicMs(): number;
  /** Resolves after the duration; rejects with the signal's reason when it aborts first. */
  sleep(durationMs: number, signal: AbortSignal): Promise<void>;
}

export const simulatorSystemClock: SimulatorClock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (durationMs, signal) => {
    await delay(durationMs, undefined, { signal });
  },
};
