/**
 * Holds due timers back until their task has read everything that was known when they came due.
 *
 * "Quiet for a minute" must not be concluded from records that merely wait to be read. So when a timer comes due:
 *
 * 1. The ends of all topics without a writer of ours, as far up as the graph goes, are noted at once.
 * 2. When every task that writes a topic has read its own inputs up to what was noted for them, the end of that topic
 *    is noted: its outputs stand there by then, since a task commits position and outputs together (invariant 2).
 * 3. The timers fire when their task has read each of its inputs up to what was noted for it.
 *
 * With nothing behind, all three hold at once. A topic that is written from its own descendants is taken as it is when
 * the way comes back to it.
 */
import type { TopicName } from '../../../schemas/records.ts';

export interface TaskOutline {
  readonly name: string;
  readonly inputs: readonly TopicName[];
  readonly outputs: readonly TopicName[];
}

/** How far topics and tasks are; lists run by partition. */
export interface Progress {
  readonly tasks: readonly TaskOutline[];
  /** At least as new as the positions: what a task has written with a position stands below the end. */
  ends(topic: TopicName): readonly bigint[];
  positions(task: string, topic: TopicName): readonly bigint[];
}

export interface ProgressSource {
  /** As of now or later. Where tasks run elsewhere too, a loop that looks is told by `changed` when to look again. */
  look(): Progress | Promise<Progress>;
}

/** A task that runs again after it ended takes the place it had. */
export function noteOutline(outlines: TaskOutline[], outline: TaskOutline): void {
  const index = outlines.findIndex(({ name }) => name === outline.name);
  if (index === -1) outlines.push(outline);
  else outlines[index] = outline;
}

export class TimerBarrier {
  /** Covers the timers due at this time or before. */
  readonly atMs: number;
  readonly #task: TaskOutline;
  readonly #partition: number;
  readonly #marks = new Map<TopicName, readonly bigint[]>();

  constructor(task: TaskOutline, partition: number, atMs: number, progress: Progress) {
    this.atMs = atMs;
    this.#task = task;
    this.#partition = partition;
    this.#noteSources(task, new Set(), progress);
  }

  /** `positions`: how far its own task has read on this partition, everything of it committed. */
  passed(progress: Progress, positions: ReadonlyMap<TopicName, bigint>): boolean {
    return this.#task.inputs.every((topic) => {
      const mark = this.#mark(topic, new Set(), progress);
      return mark !== undefined && (positions.get(topic) ?? 0n) >= (mark[this.#partition] ?? 0n);
    });
  }

  #noteSources(task: TaskOutline, visited: Set<string>, progress: Progress): void {
    visited.add(task.name);
    for (const topic of task.inputs) {
      const writers = this.#writersOf(topic, progress);
      if (writers.length === 0 && !this.#marks.has(topic)) this.#marks.set(topic, progress.ends(topic));
      for (const writer of writers) if (!visited.has(writer.name)) this.#noteSources(writer, visited, progress);
    }
  }

  /** Up to where the topic must be read, or undefined while its writers are behind. */
  #mark(topic: TopicName, path: ReadonlySet<TopicName>, progress: Progress): readonly bigint[] | undefined {
    const noted = this.#marks.get(topic);
    if (noted !== undefined) return noted;
    const onward = new Set(path).add(topic);
    const settled = this.#writersOf(topic, progress).every((writer) =>
      writer.inputs.every((input) => onward.has(input) || this.#hasRead(writer, input, onward, progress)),
    );
    if (!settled) return undefined;
    const ends = progress.ends(topic);
    this.#marks.set(topic, ends);
    return ends;
  }

  #hasRead(writer: TaskOutline, input: TopicName, path: ReadonlySet<TopicName>, progress: Progress): boolean {
    const mark = this.#mark(input, path, progress);
    if (mark === undefined) return false;
    const positions = progress.positions(writer.name, input);
    return mark.every((end, partition) => (positions[partition] ?? 0n) >= end);
  }

  #writersOf(topic: TopicName, { tasks }: Progress): readonly TaskOutline[] {
    return tasks.filter(({ name, outputs }) => name !== this.#task.name && outputs.includes(topic));
  }
}
