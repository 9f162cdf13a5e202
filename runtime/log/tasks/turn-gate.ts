/**
 * One slice of a task a turn of the event loop: between two slices, sockets and appends are served.
 *
 * While senders keep the log busy, all tasks together have a share of the thread. Time comes in as credit, and each
 * slice is charged for what it took; while the credit is overdrawn no slice begins. The credit is bounded both ways, so
 * that neither a long rest nor one long slice is felt for long: tasks are slowed down, never starved.
 */
import type { Clock } from '../../contracts/clock.ts';
import type { IntakePressure } from './intake-pressure.ts';

export interface TurnGateOptions {
  readonly clock: Clock;
  readonly pressure: IntakePressure;
  /** Of the thread's time, 0 to 1, for all tasks together while senders keep the log busy. */
  readonly share: number;
}

const CREDIT_MAX_MS = 2;
const CREDIT_MIN_MS = -20;
/** The pressure may be gone before the credit is back. */
const LOOK_EVERY_MS = 4;

export class TurnGate {
  readonly #options: TurnGateOptions;
  readonly #waiting: (() => void)[] = [];
  readonly #never = new AbortController().signal;
  #creditMs = CREDIT_MAX_MS;
  #creditedAtMs = 0;

  constructor(options: TurnGateOptions) {
    this.#options = options;
  }

  /** Resolves in a turn of its own. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) setImmediate(() => this.#next());
    });
  }

  /** What a task has taken of the thread. */
  charge(tookMs: number): void {
    this.#options.pressure.tasksTook(tookMs);
    this.chargeWait(tookMs);
  }

  /** What senders wait for because of a task, while the thread is free. */
  chargeWait(waitMs: number): void {
    this.#creditMs = Math.max(CREDIT_MIN_MS, this.#creditMs - waitMs);
  }

  #next(): void {
    const restMs = this.#restMs();
    if (restMs > 0) {
      void this.#options.clock.sleep(Math.min(restMs, LOOK_EVERY_MS), this.#never).then(() => this.#next());
      return;
    }
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) setImmediate(() => this.#next());
  }

  /** How long the credit is still overdrawn. */
  #restMs(): number {
    const { clock, pressure, share } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#creditMs = pressure.felt
      ? Math.min(CREDIT_MAX_MS, this.#creditMs + share * (nowMs - this.#creditedAtMs))
      : CREDIT_MAX_MS;
    this.#creditedAtMs = nowMs;
    return this.#creditMs >= 0 ? 0 : -this.#creditMs / share;
  }
}
