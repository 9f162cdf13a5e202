// Many deadlines on one timer: an association has some, and moves them with every piece it reads.
import type { Clock } from '../../runtime/contracts/clock.ts';

export interface Deadline {
  /** On the monotonic clock, ms; Infinity: none. Set it at any time. */
  dueMs: number;
  /** Called at most once a due time. */
  expire(): void;
}

const TICK_MS = 100;

export class DeadlineWatch {
  readonly #clock: Clock;
  readonly #deadlines = new Set<Deadline>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(deadline: Deadline): void {
    this.#deadlines.add(deadline);
  }

  remove(deadline: Deadline): void {
    this.#deadlines.delete(deadline);
  }

  /** Looks at all deadlines ten times a second until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#clock.sleep(TICK_MS, signal);
      } catch {
        // The sleep rejects only when the signal has aborted: the watch is over.
        return;
      }
      const nowMs = this.#clock.monotonicMs();
      for (const deadline of this.#deadlines) {
        if (deadline.dueMs > nowMs) continue;
        deadline.dueMs = Number.POSITIVE_INFINITY;
        deadline.expire();
      }
    }
  }
}
