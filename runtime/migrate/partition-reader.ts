// The committed records of one partition, one after another, up to an end that was noted before.
import type { ClusterReader } from '../log/kafka/cluster-reader.ts';
import type { FetchedRecord } from '../log/kafka/record-batches.ts';

const FETCH_BYTES = 1024 * 1024;
const WAIT_MS = 500;

export class PartitionReader {
  readonly #reader: ClusterReader;
  readonly #topic: string;
  readonly #partition: number;
  readonly #end: bigint;
  #held: readonly FetchedRecord[] = [];
  #at = 0;
  #next: bigint;

  constructor(reader: ClusterReader, topic: string, partition: number, range: { first: bigint; end: bigint }) {
    this.#reader = reader;
    this.#topic = topic;
    this.#partition = partition;
    this.#next = range.first;
    this.#end = range.end;
  }

  get end(): bigint {
    return this.#end;
  }

  /** The next record, which stays the next one; undefined at the end. */
  async peek(signal: AbortSignal): Promise<FetchedRecord | undefined> {
    while (this.#at >= this.#held.length && this.#next < this.#end) {
      signal.throwIfAborted();
      const wanted = { topic: this.#topic, partition: this.#partition, offset: this.#next, maxBytes: FETCH_BYTES };
      const [answer] = await this.#reader.fetch([wanted], { maxWaitMs: WAIT_MS, minBytes: 1 });
      if (answer === undefined) continue;
      this.#held = answer.records.filter(({ offset }) => offset < this.#end);
      this.#at = 0;
      this.#next = answer.outOfRange ? await this.#firstLeft() : answer.next;
    }
    return this.#held[this.#at];
  }

  take(): void {
    this.#at += 1;
  }

  /** Retention has moved the beginning. */
  async #firstLeft(): Promise<bigint> {
    const first = (await this.#reader.offsets([this.#topic], 'first')).get(this.#topic)?.[this.#partition];
    return first === undefined || first <= this.#next ? this.#end : first;
  }
}

/** One reader a partition, up to where the partitions end. */
export async function partitionReaders(reader: ClusterReader, topic: string): Promise<readonly PartitionReader[]> {
  const firsts = (await reader.offsets([topic], 'first')).get(topic) ?? [];
  const ends = (await reader.offsets([topic], 'high')).get(topic) ?? [];
  return ends.map((end, partition) => {
    return new PartitionReader(reader, topic, partition, { first: firsts[partition] ?? 0n, end });
  });
}
