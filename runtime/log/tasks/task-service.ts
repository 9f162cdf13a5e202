// A task as a service: started, draining, ended, over the loops of the partitions that this process owns.
import type { Service } from '../../contracts/service.ts';
import { deferred } from './deferred.ts';
import type { TaskAtWork } from './reopening-loop.ts';

export interface TaskServiceOptions {
  readonly name: string;
  /** Restores the state and opens one loop a partition. */
  readonly open: (signal: AbortSignal) => Promise<readonly TaskAtWork[]>;
  /** All loops have ended, in whichever way. */
  readonly ended: () => void;
  /** A loop ended by itself; `ended` rejects with the same error. */
  readonly failed: (error: unknown) => void;
}

export class TaskService implements Service {
  readonly name: string;
  readonly ended: Promise<void>;
  readonly #options: TaskServiceOptions;
  readonly #settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void };
  #started: Promise<void> | undefined;
  #drained: Promise<void> | undefined;
  #loops: readonly TaskAtWork[] = [];

  constructor(options: TaskServiceOptions) {
    this.name = options.name;
    this.#options = options;
    const { promise, resolve, reject } = deferred();
    this.ended = promise;
    // Who does not look at `ended` learns of a failure by the process' end.
    this.ended.catch(() => {});
    this.#settle = { resolve, reject };
  }

  start(signal: AbortSignal): Promise<void> {
    this.#started ??= this.#open(signal);
    return this.#started;
  }

  drain(deadline: AbortSignal): Promise<void> {
    this.#drained ??= this.#drain(deadline);
    return this.#drained;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop[Symbol.asyncDispose]()));
    if (this.#started === undefined) this.#settle.resolve();
    // A failure has been told by `ended` itself.
    await this.ended.catch(() => {});
  }

  async #open(signal: AbortSignal): Promise<void> {
    try {
      this.#loops = await this.#options.open(signal);
      for (const loop of this.#loops) await loop.startEffects(signal);
    } catch (error) {
      this.#settle.reject(error);
      throw error;
    }
    void this.#run();
  }

  async #run(): Promise<void> {
    try {
      await Promise.all(this.#loops.map((loop) => loop.run()));
      this.#options.ended();
      this.#settle.resolve();
    } catch (error) {
      this.#options.ended();
      this.#settle.reject(error);
      this.#options.failed(error);
      await Promise.all(this.#loops.map((loop) => loop[Symbol.asyncDispose]()));
    }
  }

  async #drain(deadline: AbortSignal): Promise<void> {
    // One that cannot start has told so by `start`.
    await this.#started?.catch(() => {});
    if (this.#started === undefined) this.#settle.resolve();
    const abandon = (): void => {
      for (const loop of this.#loops) loop.abandon();
    };
    const late = deferred();
    const onAbort = (): void => {
      abandon();
      late.resolve();
    };
    if (deadline.aborted) onAbort();
    deadline.addEventListener('abort', onAbort, { once: true });
    const ended = this.ended.catch(() => {});
    const drained = Promise.all(this.#loops.map((loop) => loop.drain(deadline))).then(() => ended);
    await Promise.race([drained, late.promise, ended]);
    deadline.removeEventListener('abort', onAbort);
  }
}
