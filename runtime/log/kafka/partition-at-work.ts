/**
 * A task on one partition for as long as this process owns it.
 *
 * Whatever fails between the broker and a commit, one rule holds: close everything, open it anew from what is
 * committed. Two things keep an owner from fencing the rightful one back: a process that was stopped learns at its
 * next heartbeats that its partitions have moved, so it opens anew only after two of them; and what it has lost is
 * told by `stop`.
 */
import { systemClock } from '../../contracts/clock.ts';
import { EnvironmentError } from '../../contracts/environment-error.ts';
import { LogError } from '../../contracts/record-log.ts';
import { deferred } from '../tasks/deferred.ts';
import { ReopeningLoop, type TaskAtWork } from '../tasks/reopening-loop.ts';
import type { OpenPartition } from './task-partition.ts';

export interface PartitionAtWorkOptions {
  readonly open: (signal: AbortSignal) => Promise<OpenPartition>;
  /** The loop over what was opened, which is started with it. */
  readonly loopOver: (opened: OpenPartition) => TaskAtWork;
  /** Resolves when the group has confirmed twice that this process is still its member. */
  readonly confirmed: (signal: AbortSignal) => Promise<void>;
  /** An attempt to open it failed; it is tried again. */
  readonly noted: (error: unknown) => void;
}

const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 2_000;

export class PartitionAtWork implements AsyncDisposable {
  /** Resolves when the state is restored and the effects have started; rejects when it ended before. */
  readonly ready: Promise<void>;
  /** Settles when the loop has ended and everything is closed; rejects when the task cannot go on. */
  readonly ended: Promise<void>;
  readonly #options: PartitionAtWorkOptions;
  readonly #stop = new AbortController();
  readonly #loop: ReopeningLoop;
  #opened: OpenPartition | undefined;
  #openedBefore = false;
  #isReady = false;

  /** Begins when `after` has settled: the same partition may have been given back a moment ago. */
  constructor(options: PartitionAtWorkOptions, after: Promise<void>) {
    this.#options = options;
    this.#loop = new ReopeningLoop((signal) => this.#open(AbortSignal.any([signal, this.#stop.signal])));
    const { promise, resolve, reject } = deferred();
    this.ready = promise;
    this.ended = after.then(() => this.#run(resolve)).finally(() => reject(new LogError('log.closed')));
    // Nobody may be waiting for one of them.
    this.ready.catch(() => {});
    this.ended.catch(() => {});
  }

  async drain(deadline: AbortSignal): Promise<void> {
    if (this.#isReady) await this.#loop.drain(deadline);
    // It has taken nothing yet.
    else this.abandon();
    await this.ended.catch(() => {});
  }

  /**
   * The partition is another's: its effects end at once, since the new owner's have begun; the loop ends after the
   * commit that is under way, which the new owner's fence refuses.
   */
  abandon(): void {
    this.#stop.abort(new LogError('log.closed'));
    // Awaited, and its failure told, when the loop has ended.
    this.#loop[Symbol.asyncDispose]().catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.abandon();
    await this.ended.catch(() => {});
  }

  async #run(opened: () => void): Promise<void> {
    try {
      if (this.#stop.signal.aborted) return;
      await this.#loop.startEffects(this.#stop.signal);
      this.#isReady = true;
      opened();
      await this.#loop.run();
    } catch (error) {
      // Stopped while it was being opened: there is nothing to end.
      if (!this.#stop.signal.aborted) throw error;
    } finally {
      await this.#loop[Symbol.asyncDispose]();
      await this.#close();
    }
  }

  async #open(signal: AbortSignal): Promise<TaskAtWork> {
    const { confirmed, loopOver } = this.#options;
    await this.#close();
    if (this.#openedBefore) await confirmed(signal);
    this.#openedBefore = true;
    const opened = await this.#retried(signal);
    this.#opened = opened;
    return loopOver(opened);
  }

  async #retried(signal: AbortSignal): Promise<OpenPartition> {
    for (let failures = 0; ; failures += 1) {
      signal.throwIfAborted();
      try {
        return await this.#options.open(signal);
      } catch (error) {
        if (signal.aborted || error instanceof EnvironmentError) throw error;
        this.#options.noted(error);
        await systemClock.sleep(Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(failures, 6)), signal);
        await this.#options.confirmed(signal);
      }
    }
  }

  async #close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.[Symbol.asyncDispose]();
  }
}
