/**
 * How far all tasks are, in whichever process they run: for the timers' barriers and for `describe`.
 *
 * A task commits its positions as offsets of its group in the same transaction as its outputs, but the two become
 * visible one after the other. So positions are asked for first and ends after them, and the ends are high watermarks:
 * an output that was written before its position was committed stands below, visible or not.
 *
 * Who looks gets what was asked for after the call; looks at the same time share one question.
 */
import type { TopicName } from '../../../schemas/records.ts';
import type { Progress, ProgressSource, TaskOutline } from '../tasks/timer-barrier.ts';
import type { ClusterReader } from './cluster-reader.ts';
import type { KafkaNames } from './topic-names.ts';

export interface ProgressWatchOptions {
  readonly names: KafkaNames;
  readonly partitions: number;
  /** As of now. */
  readonly outlines: () => readonly TaskOutline[];
  readonly open: () => Promise<ClusterReader>;
}

export class ProgressWatch implements ProgressSource, AsyncDisposable {
  readonly #options: ProgressWatchOptions;
  #reader: Promise<ClusterReader> | undefined;
  #asking: Promise<unknown> = Promise.resolve();
  #next: Promise<Progress> | undefined;

  constructor(options: ProgressWatchOptions) {
    this.#options = options;
  }

  look(): Promise<Progress> {
    if (this.#next === undefined) {
      const next = this.#asking.then(() => {
        this.#next = undefined;
        return this.#ask();
      });
      this.#next = next;
      this.#asking = next.catch(() => {});
    }
    return this.#next;
  }

  /** Ends of what can be read: high watermarks count what is not committed yet. */
  async readableEnds(topics: readonly TopicName[]): Promise<ReadonlyMap<string, readonly bigint[]>> {
    const reader = await this.#open();
    const { names } = this.#options;
    return await reader.offsets(
      topics.map((topic) => names.topic(topic)),
      'stable',
    );
  }

  /** Committed offsets of a task's group by full topic name. */
  async committed(task: TaskOutline): Promise<ReadonlyMap<string, readonly bigint[]>> {
    const reader = await this.#open();
    const { names } = this.#options;
    return await reader.groupPositions(
      names.group(task.name),
      task.inputs.map((topic) => names.topic(topic)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // One that never opened has nothing to close.
    const reader = await this.#reader?.catch(() => undefined);
    await reader?.[Symbol.asyncDispose]();
  }

  async #ask(): Promise<Progress> {
    const { names, outlines, partitions } = this.#options;
    const tasks = outlines();
    const reader = await this.#open();
    const positions = new Map<string, ReadonlyMap<string, readonly bigint[]>>();
    const asked = await Promise.all(tasks.map((task) => this.committed(task)));
    for (const [index, task] of tasks.entries()) positions.set(task.name, asked[index] ?? new Map());
    const topics = new Set(tasks.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]));
    const ends = await reader.offsets(
      [...topics].map((topic) => names.topic(topic)),
      'high',
    );
    const none = new Array<bigint>(partitions).fill(0n);
    return {
      tasks,
      ends: (topic) => ends.get(names.topic(topic)) ?? none,
      // A group that has committed nothing yet answers -1: it has read nothing.
      positions: (task, topic) =>
        positions
          .get(task)
          ?.get(names.topic(topic))
          ?.map((position) => (position < 0n ? 0n : position)) ?? none,
    };
  }

  async #open(): Promise<ClusterReader> {
    this.#reader ??= this.#options.open();
    try {
      return await this.#reader;
    } catch (error) {
      this.#reader = undefined;
      throw error;
    }
  }
}
