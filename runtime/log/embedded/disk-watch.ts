// Watches the space of the disk: below the reserve the log takes nothing new, and goes on by itself when there is space.
import { statfs } from 'node:fs/promises';
import type { Clock } from '../../contracts/clock.ts';
import type { Telemetry } from '../../contracts/telemetry.ts';

const LOOK_EVERY_MS = 1_000;
/** Below this LMDB cannot write a group, whatever reserve is configured. */
const RESERVE_BYTES_MIN = 4 * 1024 * 1024;

export interface DiskWatchOptions {
  readonly folder: string;
  readonly reserveBytes: number;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export class DiskWatch {
  readonly #options: DiskWatchOptions;
  readonly #reserveBytes: number;
  readonly #waiting = new Set<() => void>();
  #full = false;
  #freeBytes = Number.POSITIVE_INFINITY;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
    this.#reserveBytes = Math.max(RESERVE_BYTES_MIN, options.reserveBytes);
  }

  /** Below the reserve: no append. */
  get full(): boolean {
    return this.#full;
  }

  /** Below half of the reserve: tasks wait too, and only retention still writes. */
  get exhausted(): boolean {
    return this.#full && this.#freeBytes < this.#reserveBytes / 2;
  }

  async look(): Promise<void> {
    const { bavail, bsize } = await statfs(this.#options.folder);
    this.#freeBytes = bavail * bsize;
    this.#note(this.#freeBytes < this.#reserveBytes);
  }

  /** A commit found no space, whatever was measured: nothing is taken until a look finds space again. */
  noteFull(): void {
    this.#freeBytes = Math.min(this.#freeBytes, 0);
    this.#note(true);
  }

  /** Looks again and again until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#options.clock.sleep(LOOK_EVERY_MS, signal);
        await this.look();
      } catch {
        // Aborted, or the directory cannot be measured just now: a failing commit says more than this can.
      }
    }
  }

  /** Resolves when a task may write, at once in the ordinary case. */
  async space(signal: AbortSignal): Promise<void> {
    while (this.exhausted) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    }
    signal.throwIfAborted();
  }

  #note(full: boolean): void {
    const { telemetry } = this.#options;
    if (full !== this.#full) {
      this.#full = full;
      if (full) telemetry.record('log.full', { freeBytes: this.#freeBytes, reserveBytes: this.#reserveBytes });
      else telemetry.record('log.writable_again', { freeBytes: this.#freeBytes });
    }
    for (const wake of [...this.#waiting]) wake();
  }
}
