// When a failed attempt is made again.

const BACKOFF_BASE_MS = 1_000;
const BACKOFF_MAX_MS = 5 * 60_000;
const PAUSE_MAX_MS = 60_000;
/** What the other side may ask for at most. */
export const RETRY_AFTER_MAX_MS = 24 * 3_600_000;
/** Between attempts that a person at the cloud may have to make possible. */
export const SLOW_RETRY_MS = 5 * 60_000;
/** How long such attempts are made before the study is parked. */
export const SLOW_PERIOD_MS = 24 * 3_600_000;
/** Between probes of a site that the cloud refuses. */
export const PROBE_MS = 60_000;
/** Failures in a row of a whole site before it pauses: one study the cloud stumbles over does not slow the others. */
export const PAUSE_AFTER_FAILURES = 3;

/**
 * Full jitter: evenly between nothing and a limit that doubles with each failure in a row (1 s, 2 s, 4 s, … 5 min), so
 * that what failed together does not return together.
 *
 * Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function backoffMs(failures: number, random: () => number): number {
  return Math.ceil(random() * Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** Math.min(failures - 1, 20)));
}

/** Pause of a whole site; at least half of its limit, since one request then tries for all of them. */
export function pauseMs(failures: number, random: () => number): number {
  const limitMs = Math.min(PAUSE_MAX_MS, BACKOFF_BASE_MS * 2 ** Math.min(failures - 1, 20));
  return Math.ceil(limitMs / 2 + (random() * limitMs) / 2);
}

/** Not before the time the other side named, and not all at that moment. */
export function retryAfterMs(namedMs: number, random: () => number): number {
  return Math.ceil(Math.min(Math.max(namedMs, 0), RETRY_AFTER_MAX_MS) + random() * BACKOFF_BASE_MS);
}
