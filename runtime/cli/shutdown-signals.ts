// SIGTERM and Ctrl-C: the first asks for a drain, the second ends at once.
import type { Telemetry } from '../contracts/telemetry.ts';
import { EXIT } from './exit-code.ts';

export interface ShutdownSignals extends Disposable {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal;
}

export function shutdownSignals(telemetry: Telemetry): ShutdownSignals {
  const controller = new AbortController();
  const onSignal = (reason: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      telemetry.record('process.aborted', {});
      process.exit(EXIT.runtime);
    }
    telemetry.record('process.draining', { reason });
    controller.abort();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
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
