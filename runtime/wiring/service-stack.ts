// Services in layers: started from the first to the last, drained from the last to the first, under one deadline.
import type { Clock } from '../contracts/clock.ts';
import type { Service } from '../contracts/service.ts';
import type { Telemetry } from '../contracts/telemetry.ts';

export interface Layer {
  readonly services: readonly Service[];
  /** The part of the drain's time after which this layer is told to abandon, counted from the drain's beginning. */
  readonly drainWithinMs: number;
}

export type ServiceState = 'starting' | 'ready' | 'draining' | 'ended';

/** A part ended although nobody asked it to. */
export class ServiceFailure extends Error {
  readonly service: string;
  constructor(service: string, options?: ErrorOptions) {
    super(`${service} ended by itself`, options);
    this.name = 'ServiceFailure';
    this.service = service;
  }
}

/** After its abandon signal, what a layer may still take before the drain goes on without it. */
const GRACE_MS = 400;

export class ServiceStack {
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #layers: Layer[] = [];
  readonly #states = new Map<string, ServiceState>();
  readonly #failed: Promise<never>;
  #fail: (cause: unknown) => void = () => undefined;
  #drained: Promise<void> | undefined;

  constructor(clock: Clock, telemetry: Telemetry) {
    this.#clock = clock;
    this.#telemetry = telemetry;
    this.#failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // Whoever awaits `failed` sees it; before anyone does, it must not end the process as an orphan.
    this.#failed.catch(() => undefined);
  }

  /** Rejects with a `ServiceFailure` when a part ends although it was not drained. */
  get failed(): Promise<never> {
    return this.#failed;
  }

  get states(): ReadonlyMap<string, ServiceState> {
    return this.#states;
  }

  /** For a part that reports its end by other means than `ended`. */
  fail(service: string, cause: unknown): void {
    this.#fail(new ServiceFailure(service, { cause }));
  }

  /** Starts a layer on top of those that run; its services side by side. What had started is drained by `drain`. */
  async start(layer: Layer, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#layers.push(layer);
    // All have settled before one's failure is told: a port that opens after the drain would stay open.
    const starts = await Promise.allSettled(layer.services.map((service) => this.#startOne(service, signal)));
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
  }

  /** Resolves within the last layer's time and its grace, whatever the parts do. */
  drain(): Promise<void> {
    this.#drained ??= this.#drainAll();
    return this.#drained;
  }

  async #startOne(service: Service, signal: AbortSignal): Promise<void> {
    this.#states.set(service.name, 'starting');
    await service.start(signal);
    if (this.#drained === undefined) this.#states.set(service.name, 'ready');
    service.ended.then(
      () => this.#endedByItself(service),
      (cause: unknown) => this.#endedByItself(service, cause),
    );
  }

  #endedByItself(service: Service, cause?: unknown): void {
    if (this.#drained === undefined) this.#fail(new ServiceFailure(service.name, { cause }));
    this.#states.set(service.name, 'ended');
  }

  async #drainAll(): Promise<void> {
    const begunAtMs = this.#clock.monotonicMs();
    for (const layer of this.#layers) {
      for (const service of layer.services) this.#states.set(service.name, 'draining');
    }
    for (const layer of this.#layers.toReversed()) {
      const elapsedMs = this.#clock.monotonicMs() - begunAtMs;
      await this.#drainLayer(layer, Math.max(0, layer.drainWithinMs - elapsedMs));
    }
  }

  async #drainLayer(layer: Layer, withinMs: number): Promise<void> {
    const deadline = new AbortController();
    const done = new AbortController();
    const waiting = new Set(layer.services);
    const drains = layer.services.map(async (service) => {
      try {
        await service.drain(deadline.signal);
      } catch (cause) {
        this.#telemetry.record('process.service_failed', { service: service.name, code: codeOf(cause) });
      }
      waiting.delete(service);
      this.#states.set(service.name, 'ended');
    });
    const overrun = this.#abandonAfter(withinMs, deadline, done.signal);
    await Promise.race([Promise.all(drains), overrun]);
    done.abort();
    for (const service of waiting) this.#telemetry.record('process.drain_overrun', { service: service.name });
  }

  /** Aborts the deadline after its time; resolves when the grace after it has passed too. */
  async #abandonAfter(withinMs: number, deadline: AbortController, done: AbortSignal): Promise<void> {
    try {
      if (withinMs > 0) await this.#clock.sleep(withinMs, done);
      deadline.abort();
      await this.#clock.sleep(GRACE_MS, done);
    } catch {
      // The layer drained first: nothing is to be abandoned.
    }
  }
}

/** The stable code of an error, never its text, which may quote data (invariant 8). */
export function codeOf(cause: unknown): string {
  const inner = cause instanceof ServiceFailure ? cause.cause : cause;
  if (inner instanceof Error && 'code' in inner && typeof inner.code === 'string') return inner.code;
  return inner instanceof Error ? inner.name : 'process.unexpected';
}
