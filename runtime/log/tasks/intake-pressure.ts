/**
 * Whether senders keep the log busy. Each sender waits for its acknowledgement behind whatever the thread does, and what
 * is appended is safe: so while appends keep coming, tasks hold back (`turn-gate.ts`).
 *
 * Felt while the last `ENTRIES` entries came within `WITHIN_MS`, that is above 200 a second: a lone message is processed
 * at once, and so are the few that follow it.
 */
import type { Clock } from '../../contracts/clock.ts';

const ENTRIES = 4;
const WITHIN_MS = 20;

export class IntakePressure {
  readonly #clock: Clock;
  /** When the last entries came, as a ring. */
  readonly #cameAtMs = new Float64Array(ENTRIES).fill(Number.NEGATIVE_INFINITY);
  #oldest = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  noteAppend(entries: number): void {
    const nowMs = this.#clock.monotonicMs();
    for (let noted = 0; noted < Math.min(entries, ENTRIES); noted += 1) {
      this.#cameAtMs[this.#oldest] = nowMs;
      this.#oldest = (this.#oldest + 1) % ENTRIES;
    }
  }

  get felt(): boolean {
    const oldestAtMs = this.#cameAtMs[this.#oldest] ?? Number.NEGATIVE_INFINITY;
    return this.#clock.monotonicMs() - oldestAtMs <= WITHIN_MS;
  }
}
