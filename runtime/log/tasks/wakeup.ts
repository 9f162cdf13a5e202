// A latch: who waits is woken by the next notice, or at once by one that came before.
import type { Clock } from '../../contracts/clock.ts';

export class Wakeup {
  #noticed = false;
  #resolve: (() => void) | undefined;

  notify(): void {
    this.#noticed = true;
    this.#resolve?.();
  }

  async wait(): Promise<void> {
    if (!this.#noticed) {
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
      });
    }
    this.#resolve = undefined;
    this.#noticed = false;
  }
}

/** The wall clock may be set: no sleep is longer than this before the time is looked at again. */
const SLEEP_MAX_MS = 60_000;

/** Wakes at a time of the wall clock; setting it anew replaces it. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #atMs: number | undefined;
  #sleep: AbortController | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  set(atMs: number): void {
    if (this.#atMs === atMs) return;
    this.clear();
    this.#atMs = atMs;
    const sleep = new AbortController();
    this.#sleep = sleep;
    const durationMs = Math.min(SLEEP_MAX_MS, Math.max(0, atMs - this.#clock.nowMs()));
    this.#clock.sleep(durationMs, sleep.signal).then(
      () => {
        this.#atMs = undefined;
        this.#ring();
      },
      // Cleared: another time holds.
      () => {},
    );
  }

  clear(): void {
    this.#atMs = undefined;
    this.#sleep?.abort();
    this.#sleep = undefined;
  }
}
