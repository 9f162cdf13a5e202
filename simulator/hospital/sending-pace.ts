// Holds a sender to so many messages a second.
import type { SimulatorClock } from '../simulator-clock.ts';

/** Waits until `count` more may go out. A rate of 0 or less is no limit. */
export type SendingPace = (count: number, signal: AbortSignal) => Promise<void>;

export function createSendingPace(ratePerSecond: number, clock: SimulatorClock): SendingPace {
  let freeAtMs = clock.monotonicMs();
  return async (count, signal) => {
    if (!(ratePerSecond > 0)) return;
    const nowMs = clock.monotonicMs();
    // Time in which nothing was sent is not made up for by a burst.
    freeAtMs = Math.max(freeAtMs, nowMs);
    const waitMs = freeAtMs - nowMs;
    freeAtMs += (count * 1000) / ratePerSecond;
    if (waitMs > 0) await clock.sleep(waitMs, signal);
  };
}
