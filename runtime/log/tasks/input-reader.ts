/**
 * Reads a task's inputs ahead and merges them by the time of appending, so that a backlog is processed in about the
 * order in which it came. Within one input the order is that of the offsets, always.
 */
import type { TopicName } from '../../../schemas/records.ts';
import type { StoredRecord } from '../../contracts/record-log.ts';
import type { ReadBound, TaskStorage } from './task-storage.ts';

/** Bounds what one input holds in memory. */
const READ_AHEAD: ReadBound = { records: 2_000, bytes: 8 * 1024 * 1024 };

export class InputReader {
  readonly #storage: TaskStorage;
  readonly #inputs: readonly Input[];

  constructor(storage: TaskStorage, positions: ReadonlyMap<TopicName, bigint>) {
    this.#storage = storage;
    this.#inputs = [...positions].map(([topic, position]) => new Input(topic, position));
  }

  /** Reads on wherever nothing is held; afterwards an input without a held record has been read to its end. */
  async fill(): Promise<void> {
    for (const input of this.#inputs) {
      if (input.peek() !== undefined || input.next >= this.#storage.end(input.topic)) continue;
      input.hold(await this.#storage.read(input.topic, input.next, READ_AHEAD));
    }
  }

  /** The oldest record held, or undefined when an input must be read on before its turn can be known. */
  peek(): StoredRecord | undefined {
    let oldest: Input | undefined;
    for (const input of this.#inputs) {
      const record = input.peek();
      if (record === undefined) {
        if (input.next < this.#storage.end(input.topic) && input.cutOff) return undefined;
        continue;
      }
      if (oldest === undefined || record.appendedAtMs < oldest.heldAtMs) oldest = input;
    }
    return oldest?.peek();
  }

  /** Takes what `peek` has shown. */
  take(record: StoredRecord): void {
    this.#inputs.find((input) => input.peek() === record)?.take();
  }

  /** Takes the first held record of this input, whatever the others hold. */
  takeFirstOf(topic: string): void {
    this.#inputs.find((input) => input.topic === topic)?.take();
  }

  /** Where each input goes on after what was taken. */
  positions(): ReadonlyMap<TopicName, bigint> {
    return new Map(this.#inputs.map((input) => [input.topic, input.position]));
  }
}

class Input {
  readonly topic: TopicName;
  #records: readonly StoredRecord[] = [];
  #index = 0;
  #next: bigint;

  constructor(topic: TopicName, position: bigint) {
    this.topic = topic;
    this.#next = position;
  }

  /** Where reading goes on after what is held. */
  get next(): bigint {
    return this.#next;
  }

  /** The read-ahead ended within this batch: there is more, and its age is not known. */
  get cutOff(): boolean {
    return this.#records.length > 0 && this.#index >= this.#records.length;
  }

  get position(): bigint {
    return this.peek()?.position.offset ?? this.#next;
  }

  get heldAtMs(): number {
    return this.peek()?.appendedAtMs ?? Number.POSITIVE_INFINITY;
  }

  peek(): StoredRecord | undefined {
    return this.#records[this.#index];
  }

  take(): void {
    this.#index += 1;
  }

  hold(chunk: { readonly records: readonly StoredRecord[]; readonly next: bigint }): void {
    this.#records = chunk.records;
    this.#index = 0;
    this.#next = chunk.next;
  }
}
