// One partition of a topic in memory: offsets grow, with gaps, as they do where transactions leave their markers.
import type { Entry, Position } from '../../../schemas/record-entry.ts';
import type { StoredRecord } from '../../contracts/record-log.ts';

export class HurtPartition {
  readonly #topic: string;
  readonly #partition: number;
  readonly #records: StoredRecord[] = [];
  #end = 0n;

  constructor(topic: string, partition: number) {
    this.#topic = topic;
    this.#partition = partition;
  }

  get end(): bigint {
    return this.#end;
  }

  skip(offsets: number): void {
    this.#end += BigInt(offsets);
  }

  append(entry: Entry, appendedAtMs: number): Position {
    const position = { topic: this.#topic, partition: this.#partition, offset: this.#end };
    const value = entry.value === null ? null : Buffer.from(entry.value);
    this.#records.push({ ...entry, value, headers: new Map(entry.headers), position, appendedAtMs });
    this.#end += 1n;
    return position;
  }

  read(from: bigint, limit: number): readonly StoredRecord[] {
    let low = 0;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const offset = this.#records[middle]?.position.offset ?? 0n;
      if (offset < from) low = middle + 1;
      else high = middle;
    }
    return this.#records.slice(low, low + limit);
  }
}
