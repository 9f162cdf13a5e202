/**
 * Keeps a task going through failed commits and lost partitions: each time it is opened anew from what is committed.
 *
 * There is no undo in memory. A loop whose commit failed, whatever became of the commit, is thrown away; the next one
 * restores state and positions from the log and reads on from there (invariant 2).
 */
import { LogError } from '../../contracts/record-log.ts';

/** What a service needs of a task at work. */
export interface TaskAtWork extends AsyncDisposable {
  startEffects(signal: AbortSignal): Promise<void>;
  run(): Promise<void>;
  drain(deadline: AbortSignal): Promise<void>;
  abandon(): void;
}

export class ReopeningLoop implements TaskAtWork {
  readonly #open: (signal: AbortSignal) => Promise<TaskAtWork>;
  readonly #stopped = new AbortController();
  #loop: TaskAtWork | undefined;
  #deadline: AbortSignal | undefined;

  /** `open` restores the state; its signal aborts when the task is abandoned. */
  constructor(open: (signal: AbortSignal) => Promise<TaskAtWork>) {
    this.#open = open;
  }

  async startEffects(signal: AbortSignal): Promise<void> {
    this.#loop = await this.#open(signal);
    await this.#loop.startEffects(signal);
  }

  async run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      try {
        await this.#loop?.run();
        return;
      } catch (error) {
        if (!(error instanceof LogError && error.code === 'log.commit_failed')) throw error;
        await this.#loop?.[Symbol.asyncDispose]();
        if (this.#deadline !== undefined) return;
        try {
          await this.startEffects(this.#stopped.signal);
          // Asked to drain while it was being restored.
          if (this.#deadline !== undefined) await this.#loop?.drain(this.#deadline);
        } catch (cause) {
          // Abandoned while it was being restored: there is nothing to end.
          if (this.#stopped.signal.aborted) return;
          throw cause;
        }
      }
    }
  }

  async drain(deadline: AbortSignal): Promise<void> {
    this.#deadline = deadline;
    await this.#loop?.drain(deadline);
  }

  abandon(): void {
    this.#stopped.abort(new LogError('log.closed'));
    this.#loop?.abandon();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.abandon();
    await this.#loop?.[Symbol.asyncDispose]();
  }
}
