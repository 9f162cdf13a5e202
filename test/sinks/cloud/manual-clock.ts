// A clock that the test moves; wall time and monotonic time move together.
import type { Clock } from '../../../runtime/contracts/clock.ts';

export class ManualClock implements Clock {
  #nowMs = 1_800_000_000_000;
  readonly #sleepers = new Set<{ readonly dueMs: number; readonly wake: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  sleep(durationMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(new Error('aborted'));
        return;
      }
      const stop = (): void => {
        this.#sleepers.delete(sleeper);
        reject(new Error('aborted'));
      };
      const sleeper = {
        dueMs: this.#nowMs + durationMs,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal.removeEventListener('abort', stop);
          resolve();
        },
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#sleepers.add(sleeper);
    });
  }

  /** Wakes who is due, in order; those who sleep again are not woken by the same call. */
  advance(durationMs: number): void {
    this.#nowMs += durationMs;
    const due = [...this.#sleepers].filter(({ dueMs }) => dueMs <= this.#nowMs).sort((a, b) => a.dueMs - b.dueMs);
    for (const { wake } of due) wake();
  }
}
