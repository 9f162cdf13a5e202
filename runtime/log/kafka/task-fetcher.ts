/**
 * Fetches the inputs of one task on one partition ahead of it, over a connection of its own.
 *
 * 1. One long poll at a time covers every input that has room; an answer wakes the task.
 * 2. What is held is bounded an input (invariant 7); a full input is left out until the task has taken from it.
 * 3. The task reads on where it was, except after a failed batch: then what is held is forgotten and fetched again.
 * 4. Only committed records arrive (`committed-records.ts`), and each only when its schema is known.
 * 5. A fetch without an answer is tried again for as long as the task lives; the watchdog knows when it is too long.
 */
import assert from 'node:assert/strict';
import type { TopicName } from '../../../schemas/records.ts';
import { systemClock } from '../../contracts/clock.ts';
import { EnvironmentError } from '../../contracts/environment-error.ts';
import type { StoredRecord } from '../../contracts/record-log.ts';
import type { SchemaLearner } from '../../contracts/schema-learner.ts';
import type { ReadBound, ReadChunk } from '../tasks/task-storage.ts';
import { Wakeup } from '../tasks/wakeup.ts';
import type { ClusterReader, FetchedPartition } from './cluster-reader.ts';
import type { FetchWatchdog } from './fetch-watchdog.ts';
import { storedRecord } from './stored-record.ts';

export interface TaskFetcherOptions {
  readonly reader: ClusterReader;
  readonly partition: number;
  /** Input topics by their full names, and where to begin. */
  readonly inputs: readonly { readonly topic: TopicName; readonly fullName: string; readonly from: bigint }[];
  readonly schemas: SchemaLearner | undefined;
  readonly watchdog: FetchWatchdog;
  /** There is more to read. */
  readonly grown: (topics: ReadonlySet<string>) => void;
  readonly failed: (error: Error) => void;
  /** A fetch, or the registry, brought no answer. */
  readonly noted: (error: unknown) => void;
  /** Retention has removed records that were not read. */
  readonly expired: (topic: TopicName, from: bigint, to: bigint) => void;
}

const HELD_BYTES_MAX = 4 * 1024 * 1024;
const FETCH_BYTES = 2 * 1024 * 1024;
const IDLE_WAIT_MS = 500;
/** While an input is left out because it is full, the others are not waited for long. */
const SHORT_WAIT_MS = 20;
const RETRY_FIRST_MS = 20;
const RETRY_MAX_MS = 1_000;

export class TaskFetcher implements AsyncDisposable {
  readonly #options: TaskFetcherOptions;
  readonly #inputs: ReadonlyMap<string, Input>;
  readonly #room = new Wakeup();
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: TaskFetcherOptions) {
    this.#options = options;
    this.#inputs = new Map(options.inputs.map((input) => [input.fullName, new Input(input)]));
  }

  start(): void {
    this.#running ??= this.#run();
  }

  end(topic: TopicName): bigint {
    return this.#input(topic).end;
  }

  async read(topic: TopicName, from: bigint, bound: ReadBound): Promise<ReadChunk> {
    const input = this.#input(topic);
    if (!input.reaches(from)) {
      input.seek(from);
      this.#room.notify();
      await input.answered(this.#stop.signal);
    }
    const chunk = input.take(from, bound);
    if (input.bytes < HELD_BYTES_MAX) this.#room.notify();
    return chunk;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#room.notify();
    for (const input of this.#inputs.values()) input.wake();
    await this.#options.reader[Symbol.asyncDispose]();
    await this.#running;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      const open = [...this.#inputs.values()].filter(({ bytes }) => bytes < HELD_BYTES_MAX);
      if (open.length === 0) {
        await this.#room.wait();
        continue;
      }
      try {
        await this.#fetch(open, open.length === this.#inputs.size ? IDLE_WAIT_MS : SHORT_WAIT_MS);
        failures = 0;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        if (error instanceof EnvironmentError) {
          this.#options.failed(error);
          return;
        }
        this.#options.noted(error);
        failures += 1;
        const waitMs = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(failures, 10));
        // Aborted: the loop ends at its next look.
        await systemClock.sleep(waitMs, this.#stop.signal).catch(() => {});
      }
    }
  }

  async #fetch(open: readonly Input[], maxWaitMs: number): Promise<void> {
    const { reader, partition, watchdog } = this.#options;
    const asked = open.map((input) => ({ input, offset: input.end }));
    watchdog.noteAsked();
    const answer = await reader.fetch(
      asked.map(({ input, offset }) => ({ topic: input.fullName, partition, offset, maxBytes: FETCH_BYTES })),
      { maxWaitMs, minBytes: 1 },
    );
    watchdog.noteAnswer();
    const grown = new Set<string>();
    for (const fetched of answer) {
      const found = asked.find(({ input }) => input.fullName === fetched.topic);
      assert(found !== undefined, 'a fetch answers what was asked for');
      // The task has gone back meanwhile: what was asked for is not what it wants.
      if (found.input.end !== found.offset) continue;
      if (fetched.outOfRange) await this.#outOfRange(found.input, found.offset);
      else if (await this.#hold(found.input, found.offset, fetched)) grown.add(found.input.topic);
    }
    if (grown.size > 0) this.#options.grown(grown);
  }

  async #hold(input: Input, from: bigint, fetched: FetchedPartition): Promise<boolean> {
    const { partition, schemas } = this.#options;
    const records: StoredRecord[] = [];
    for (const record of fetched.records) {
      const unknown = record.value === null ? undefined : schemas?.learn(record.value);
      if (unknown !== undefined) await unknown;
      records.push(storedRecord(record, input.topic, partition));
    }
    if (input.end !== from) return false;
    input.hold(records, fetched.next, fetched.bytes);
    return fetched.next > from;
  }

  async #outOfRange(input: Input, offset: bigint): Promise<void> {
    const { reader, partition, expired } = this.#options;
    const first = (await reader.offsets([input.fullName], 'first')).get(input.fullName)?.[partition] ?? 0n;
    if (offset > first) {
      throw new EnvironmentError(
        'kafka.topic_recreated',
        `${input.fullName}/${partition} ends before the position ${offset} of a task: it was made anew or has lost records`,
      );
    }
    expired(input.topic, offset, first);
    input.seek(first);
    input.wake();
  }

  #input(topic: TopicName): Input {
    for (const input of this.#inputs.values()) if (input.topic === topic) return input;
    throw new TypeError(`${topic} is no input of this task`);
  }
}

interface HeldChunk {
  readonly records: readonly StoredRecord[];
  /** Where reading goes on after the chunk. */
  readonly next: bigint;
  readonly bytes: number;
}

/** What is fetched of one input and not yet read. */
class Input {
  readonly topic: TopicName;
  readonly fullName: string;
  readonly #held: HeldChunk[] = [];
  readonly #answer = new Wakeup();
  /** Where the first held record may stand at the earliest. */
  #begin: bigint;
  #end: bigint;
  #bytes = 0;

  constructor({ topic, fullName, from }: TaskFetcherOptions['inputs'][number]) {
    this.topic = topic;
    this.fullName = fullName;
    this.#begin = from;
    this.#end = from;
  }

  get end(): bigint {
    return this.#end;
  }

  get bytes(): number {
    return this.#bytes;
  }

  reaches(from: bigint): boolean {
    return from >= this.#begin && from <= this.#end;
  }

  seek(from: bigint): void {
    this.#held.length = 0;
    this.#bytes = 0;
    this.#begin = from;
    this.#end = from;
  }

  hold(records: readonly StoredRecord[], next: bigint, bytes: number): void {
    this.#end = next;
    if (records.length > 0) {
      this.#held.push({ records, next, bytes });
      this.#bytes += bytes;
    }
    this.#answer.notify();
  }

  /** Resolves with the next answer, which may have brought nothing. */
  async answered(stop: AbortSignal): Promise<void> {
    if (!stop.aborted) await this.#answer.wait();
  }

  wake(): void {
    this.#answer.notify();
  }

  /** Whichever fetches brought them: records that came singly are then committed together. */
  take(from: bigint, bound: ReadBound): ReadChunk {
    const taken: StoredRecord[] = [];
    for (let chunk = this.#held.shift(); chunk !== undefined; chunk = this.#held.shift()) {
      this.#bytes -= chunk.bytes;
      const wanted = chunk.records.filter(({ position }) => position.offset >= from);
      const fitting = wanted.slice(0, bound.records - taken.length);
      for (const record of fitting) taken.push(record);
      const first = wanted[fitting.length];
      if (first === undefined) continue;
      const bytes = Math.round((chunk.bytes * (wanted.length - fitting.length)) / chunk.records.length);
      this.#held.unshift({ records: wanted.slice(fitting.length), next: chunk.next, bytes });
      this.#bytes += bytes;
      this.#begin = first.position.offset;
      return { records: taken, next: this.#begin };
    }
    this.#begin = this.#end;
    return { records: taken, next: this.#end };
  }
}
