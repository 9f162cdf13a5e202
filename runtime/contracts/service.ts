// Anything with a lifetime.

/** Started, draining, ended. Every verb may be called twice. */
export interface Service extends AsyncDisposable {
  readonly name: string;
  /** Resolves when the service does its work (a port is open, state is restored); rejects with a coded error when it cannot. */
  start(signal: AbortSignal): Promise<void>;
  /** Takes no new work and finishes what it accepted. When `deadline` aborts, abandons the rest. */
  drain(deadline: AbortSignal): Promise<void>;
  /** Settles when the service has ended; rejects if it failed by itself. */
  readonly ended: Promise<void>;
}
