/**
 * Notices that fetches which were asked for are not answered any more.
 *
 * Time is counted in ticks, and a tick counts at most twice its length: a process that was stopped for a minute and goes
 * on has missed one tick, not a minute.
 */
import type { Clock } from '../../contracts/clock.ts';

export interface FetchWatchdogOptions {
  readonly clock: Clock;
  readonly stalledMs: number;
  /** Called once; the watch is over then. */
  readonly stalled: (waitedMs: number) => void;
}

const TICKS = 20;

export class FetchWatchdog {
  readonly #options: FetchWatchdogOptions;
  readonly #stop = new AbortController();
  #waiting = false;
  #waitedMs = 0;
  #watching: Promise<void> | undefined;

  constructor(options: FetchWatchdogOptions) {
    this.#options = options;
  }

  start(): void {
    this.#watching ??= this.#watch();
  }

  /** A fetch was asked for. While one waits, further ones do not begin the time anew. */
  noteAsked(): void {
    this.#waiting = true;
  }

  /** A broker has answered; an error is no answer. */
  noteAnswer(): void {
    this.#waiting = false;
    this.#waitedMs = 0;
  }

  stop(): void {
    this.#stop.abort();
  }

  async #watch(): Promise<void> {
    const { clock, stalledMs, stalled } = this.#options;
    const { signal } = this.#stop;
    const tickMs = Math.max(1, Math.ceil(stalledMs / TICKS));
    while (!signal.aborted) {
      const beforeMs = clock.monotonicMs();
      try {
        await clock.sleep(tickMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      if (this.#waiting) this.#waitedMs += Math.min(clock.monotonicMs() - beforeMs, 2 * tickMs);
      if (this.#waitedMs < stalledMs) continue;
      stalled(Math.round(this.#waitedMs));
      return;
    }
  }
}
