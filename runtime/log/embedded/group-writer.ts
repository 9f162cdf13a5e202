/**
 * The one queue of writes. What waits is written as one group in one transaction, whose flush makes all of it durable
 * at once; what comes meanwhile forms the next group.
 *
 * 1. A job resolves only when its group is durable, and rejects when its group is not.
 * 2. A group is rolled back as a whole. A job checks what it was given before it is queued: its `write` does not throw.
 * 3. After a commit failed for another reason than a full disk, nothing is written any more: the pages that a failed
 *    flush left behind may never reach the disk although a second flush says so. The process ends.
 *
 * Appends come first in a group, since a sender waits for them; one commit of a task goes with each group however many
 * appends wait, so that tasks are not starved, and however large it is, so that no append waits for a group of its own.
 */
import type { Clock } from '../../contracts/clock.ts';
import { crashPoint } from '../../contracts/crash-point.ts';
import { LogError } from '../../contracts/record-log.ts';
import type { Telemetry } from '../../contracts/telemetry.ts';

export interface WriteJob {
  readonly kind: 'append' | 'commit';
  /** Puts and deletes, about. */
  readonly writes: number;
  readonly bytes: number;
  /** Synchronous, inside the transaction. */
  write(): void;
}

export interface GroupWriterOptions {
  readonly transaction: (write: () => void) => Promise<void>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Before the jobs resolve: offsets become visible. */
  readonly committed: () => void;
  readonly rolledBack: () => void;
  /** Whether a failed commit found no space. */
  readonly foundNoSpace: (error: unknown) => Promise<boolean>;
  /** A commit was rejected, or never settles: the process is to end, without closing the environment. */
  readonly fatal: (error: LogError, how: CommitFault) => void;
}

export type CommitFault = 'rejected' | 'stuck';

/** A transaction of 1,000 writes holds the main thread for 1.5 ms; one of 5,000 for 13 ms. */
const GROUP_WRITES_MAX = 1_000;
const GROUP_BYTES_MAX = 16 * 1024 * 1024;
const LOOK_EVERY_MS = 5_000;

interface QueuedJob extends WriteJob {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class GroupWriter {
  readonly #options: GroupWriterOptions;
  readonly #appends = new JobQueue();
  readonly #commits = new JobQueue();
  #group: readonly QueuedJob[] = [];
  #pumping = false;
  /** Of the group that is being written. */
  #begunAtMs: number | undefined;
  /** Groups begun so far. */
  #groups = 0;
  #failed: LogError | undefined;
  #closed = false;
  #idle: (() => void) | undefined;

  constructor(options: GroupWriterOptions) {
    this.#options = options;
  }

  get failed(): LogError | undefined {
    return this.#failed;
  }

  /** Resolves when the job is durable. Rejects with a `LogError`. */
  submit(job: WriteJob): Promise<void> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    if (this.#closed) return Promise.reject(new LogError('log.closed'));
    return new Promise<void>((resolve, reject) => {
      const queue = job.kind === 'append' ? this.#appends : this.#commits;
      queue.push({ ...job, write: () => job.write(), resolve, reject });
      if (!this.#pumping) void this.#pump();
    });
  }

  /** Writes what waits and takes nothing more. */
  async close(): Promise<void> {
    this.#closed = true;
    // What is stuck never ends.
    if (!this.#pumping || this.#failed !== undefined) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  /** Ends the process when a commit takes longer than `deadlineMs`: a panicked environment never settles. */
  async watch(deadlineMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let seen = -1;
    let seenAtMs = 0;
    for (;;) {
      try {
        await clock.sleep(LOOK_EVERY_MS, signal);
      } catch {
        // Aborted: the log is closing.
        return;
      }
      if (this.#begunAtMs === undefined || this.#groups !== seen) {
        seen = this.#groups;
        seenAtMs = clock.monotonicMs();
      } else if (clock.monotonicMs() - seenAtMs >= deadlineMs) {
        this.#fail(new LogError('log.commit_failed', { cause: new Error('a commit has not settled') }), 'stuck');
        return;
      }
    }
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    const { clock, transaction } = this.#options;
    while (this.#failed === undefined && this.#appends.size + this.#commits.size > 0) {
      this.#begunAtMs = clock.monotonicMs();
      this.#groups += 1;
      try {
        // The group is formed when the transaction begins, as late as can be.
        await transaction(() => this.#writeGroup());
      } catch (error) {
        this.#begunAtMs = undefined;
        await this.#groupFailed(error);
        continue;
      }
      crashPoint('flush.after');
      this.#groupCommitted();
      this.#begunAtMs = undefined;
    }
    this.#pumping = false;
    this.#idle?.();
  }

  #writeGroup(): void {
    let room: Room = { writes: GROUP_WRITES_MAX, bytes: GROUP_BYTES_MAX };
    const take = (queue: JobQueue, anySize: boolean): QueuedJob | undefined => {
      const job = queue.takeWithin(room, anySize);
      if (job !== undefined) room = { writes: room.writes - job.writes, bytes: room.bytes - job.bytes };
      return job;
    };
    const group: QueuedJob[] = [];
    for (const queue of [this.#appends, this.#commits]) {
      let job = take(queue, true);
      for (; job !== undefined; job = take(queue, false)) group.push(job);
    }
    this.#group = group;
    for (const job of group) job.write();
    crashPoint('flush.before');
  }

  #groupCommitted(): void {
    const { clock, telemetry, committed } = this.#options;
    const group = this.#group;
    this.#group = [];
    committed();
    telemetry.record('log.group_committed', {
      appends: group.filter(({ kind }) => kind === 'append').length,
      commits: group.filter(({ kind }) => kind === 'commit').length,
      writes: group.reduce((sum, { writes }) => sum + writes, 0),
      tookSeconds: (clock.monotonicMs() - (this.#begunAtMs ?? clock.monotonicMs())) / 1_000,
    });
    for (const job of group) job.resolve();
  }

  async #groupFailed(error: unknown): Promise<void> {
    const { foundNoSpace, rolledBack } = this.#options;
    if (await foundNoSpace(error)) {
      const group = this.#group;
      this.#group = [];
      rolledBack();
      for (const job of group) job.reject(new LogError('log.full', { cause: error }));
      return;
    }
    this.#fail(new LogError('log.commit_failed', { cause: error }), 'rejected');
  }

  #fail(error: LogError, how: CommitFault): void {
    if (this.#failed !== undefined) return;
    this.#failed = error;
    const waiting = [...this.#group, ...this.#appends.drain(), ...this.#commits.drain()];
    this.#group = [];
    this.#options.telemetry.record('log.commit_failed', { code: how, waiting: waiting.length });
    for (const job of waiting) job.reject(error);
    this.#idle?.();
    this.#options.fatal(error, how);
  }
}

interface Room {
  readonly writes: number;
  readonly bytes: number;
}

/** First in, first out, without moving what waits. */
class JobQueue {
  #jobs: QueuedJob[] = [];
  #head = 0;

  get size(): number {
    return this.#jobs.length - this.#head;
  }

  push(job: QueuedJob): void {
    this.#jobs.push(job);
  }

  /** The first job, if it fits or must be taken whatever its size. */
  takeWithin(room: Room, anySize: boolean): QueuedJob | undefined {
    const job = this.#jobs[this.#head];
    if (job === undefined) return undefined;
    if (!anySize && (job.writes > room.writes || job.bytes > room.bytes)) return undefined;
    this.#head += 1;
    if (this.#head === this.#jobs.length) this.#jobs = [];
    if (this.#jobs.length === 0) this.#head = 0;
    else if (this.#head >= 1_024) {
      this.#jobs = this.#jobs.slice(this.#head);
      this.#head = 0;
    }
    return job;
  }

  drain(): readonly QueuedJob[] {
    const jobs = this.#jobs.slice(this.#head);
    this.#jobs = [];
    this.#head = 0;
    return jobs;
  }
}
