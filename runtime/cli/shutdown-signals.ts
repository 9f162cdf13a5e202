// SIGTERM and Ctrl-C: the first asks for a drain, a second one ends the process at once.
import type { Clock } from '../contracts/clock.ts';
import type { Telemetry } from '../contracts/telemetry.ts';
import { EXIT } from './exit-code.ts';

export interface ShutdownSignals extends Disposable {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal;
}

/** npm hands Ctrl-C on to a process that has had it from the terminal already: both are one request. */
const SAME_REQUEST_MS = 500;

export function shutdownSignals(telemetry: Telemetry, clock: Clock): ShutdownSignals {
  const controller = new AbortController();
  let askedAtMs = 0;
  const onSignal = (reason: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      if (clock.monotonicMs() - askedAtMs < SAME_REQUEST_MS) return;
      telemetry.record('process.aborted', {});
      process.exit(EXIT.runtime);
    }
    askedAtMs = clock.monotonicMs();
    telemetry.record('process.draining', { reason });
    controller.abort();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      // The process is about to end: a repeated request must not end it by the signal, with another code than the drain's.
      if (controller.signal.aborted) return;
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onSignal);
    },
  };
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
