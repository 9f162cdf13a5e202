// An append that ends by a deadline, whatever the log does: a sender waits for the answer.
import type { Clock } from '../../runtime/contracts/clock.ts';
import { type Entry, LogError, type RecordLog } from '../../runtime/contracts/record-log.ts';
import type { DeadlineWatch } from './deadline-watch.ts';

export interface TimelyAppend {
  readonly log: Pick<RecordLog, 'append'>;
  readonly clock: Clock;
  readonly deadlines: DeadlineWatch;
  readonly deadlineMs: number;
}

const FULL_RETRY_MS = 250;

/**
 * Whether the entries are durable. False: not in time, or not known; the sender is to send again, and what was appended
 * none the less is a repeat then.
 */
export function appendInTime(context: TimelyAppend, entries: readonly Entry[]): Promise<boolean> {
  const { clock, deadlines, deadlineMs } = context;
  return new Promise((resolve) => {
    const controller = new AbortController();
    const deadline = {
      dueMs: clock.monotonicMs() + deadlineMs,
      expire: () => settle(false),
    };
    const settle = (durable: boolean) => {
      deadlines.remove(deadline);
      if (!durable) controller.abort();
      resolve(durable);
    };
    deadlines.add(deadline);
    append(context, entries, controller.signal).then(settle, () => settle(false));
  });
}

/** A full disk heals by itself, so that is waited for until the signal aborts; any other refusal is final. */
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
      if (!(error instanceof LogError) || error.code !== 'log.full' || signal.aborted) return false;
    }
    await clock.sleep(FULL_RETRY_MS, signal);
  }
}
