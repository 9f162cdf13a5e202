// An append that ends by a deadline, whatever the log does: a sender waits for the answer.
import type { Clock } from '../../runtime/contracts/clock.ts';
import { type Entry, healsByItself, LogError, type RecordLog } from '../../runtime/contracts/record-log.ts';
import type { DeadlineWatch } from './deadline-watch.ts';

export interface TimelyAppend {
  readonly log: Pick<RecordLog, 'append'>;
  readonly clock: Clock;
  readonly deadlines: DeadlineWatch;
  readonly deadlineMs: number;
}

const RETRY_MS = 250;

/** The appends of one association, one at a time. */
export class TimelyAppender {
  readonly #context: TimelyAppend;
  // One for many appends, since an append that was in time needs none.
  #controller = new AbortController();

  constructor(context: TimelyAppend) {
    this.#context = context;
  }

  /**
   * Whether the entries are durable. False: not in time, or not known; the sender is to send again, and what was
   * appended none the less is a repeat then.
   */
  append(entries: readonly Entry[]): Promise<boolean> {
    const { clock, deadlines, deadlineMs } = this.#context;
    const controller = this.#controller;
    return new Promise((resolve) => {
      const settle = (durable: boolean) => {
        deadlines.remove(deadline);
        resolve(durable);
      };
      const deadline = {
        dueMs: clock.monotonicMs() + deadlineMs,
        expire: () => {
          this.#controller = new AbortController();
          controller.abort();
          settle(false);
        },
      };
      deadlines.add(deadline);
      append(this.#context, entries, controller.signal).then(settle, () => settle(false));
    });
  }
}

/** What heals by itself is waited for until the signal aborts; any other refusal is final. */
export async function append(
  { log, clock }: Pick<TimelyAppend, 'log' | 'clock'>,
  entries: readonly Entry[],
  signal: AbortSignal,
): Promise<boolean> {
  for (;;) {
    try {
      await log.append(entries, signal);
      return true;
    } catch (error) {
      if (!(error instanceof LogError) || !healsByItself(error.code) || signal.aborted) return false;
    }
    await clock.sleep(RETRY_MS, signal);
  }
}
