/**
 * Whether senders keep the log busy. Each waits for its acknowledgement behind whatever the thread does, and what is
 * appended is safe: so while appends follow one another, tasks hold back (`turn-gate.ts`).
 *
 * Appends follow one another when the next comes while one is on its way, or within `GAP_MS` after. Not their rate is
 * looked at: a sender that waits behind tasks for each of its messages is slow because of them. For the same reason the
 * time that tasks took meanwhile does not count as a gap. A lone message, and the few after it, are no pressure.
 */
import type { Clock } from '../../contracts/clock.ts';

const GAP_MS = 3;
const ENTRIES = 8;
/** So long after the last append the stream counts as paused. */
const PAUSE_MS = 10;

export class IntakePressure {
  readonly #clock: Clock;
  #onTheirWay = 0;
  /** Entries that followed one another. */
  #followed = 0;
  /** When the last append was settled, and how long tasks had worked by then. */
  #settledAtMs = Number.NEGATIVE_INFINITY;
  #settledTasksMs = 0;
  #tasksMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  appendBegan(entries: number): void {
    if (this.#onTheirWay === 0 && this.#gapMs() > GAP_MS) this.#followed = 0;
    this.#onTheirWay += 1;
    this.#followed += entries;
  }

  /** Durable or not. */
  appendSettled(): void {
    this.#onTheirWay -= 1;
    this.#settledAtMs = this.#clock.monotonicMs();
    this.#settledTasksMs = this.#tasksMs;
  }

  tasksTook(tookMs: number): void {
    this.#tasksMs += tookMs;
  }

  get felt(): boolean {
    return this.#followed >= ENTRIES && (this.#onTheirWay > 0 || this.#gapMs() <= PAUSE_MS);
  }

  #gapMs(): number {
    return this.#clock.monotonicMs() - this.#settledAtMs - (this.#tasksMs - this.#settledTasksMs);
  }
}
