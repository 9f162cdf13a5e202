import { expect, test } from 'vitest';
import { backoffMs, pauseMs, RETRY_AFTER_MAX_MS, retryAfterMs } from '../../../sinks/cloud/retry-policy.ts';

test('backoff: full jitter under a limit that doubles from one second to five minutes', () => {
  const limits = [1, 2, 3, 9, 10, 50].map((failures) => backoffMs(failures, () => 1));
  expect(limits).toEqual([1_000, 2_000, 4_000, 256_000, 300_000, 300_000]);
  expect(backoffMs(5, () => 0)).toBe(0);
  expect(backoffMs(3, () => 0.25)).toBe(1_000);
});

test('pause: at least half of a limit that doubles to a minute', () => {
  expect([1, 3, 40].map((failures) => pauseMs(failures, () => 0))).toEqual([500, 2_000, 30_000]);
  expect(pauseMs(40, () => 1)).toBe(60_000);
});

test('retry after: never before the named time, at most a second later, and no longer than a day', () => {
  expect(retryAfterMs(5_000, () => 0)).toBe(5_000);
  expect(retryAfterMs(5_000, () => 0.999)).toBeLessThanOrEqual(6_000);
  expect(retryAfterMs(1e12, () => 0)).toBe(RETRY_AFTER_MAX_MS);
  expect(retryAfterMs(-1, () => 0)).toBe(0);
});
