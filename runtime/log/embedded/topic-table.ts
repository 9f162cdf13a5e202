// One topic's records in the embedded log: offsets without gaps on appending, reads by offset and by time.
import type { Entry, Position } from '../../../schemas/record-entry.ts';
import type { TopicName } from '../../../schemas/records.ts';
import type { StoredRecord } from '../../contracts/record-log.ts';
import { frameEntry, unframeAppendedAtMs, unframeEntry } from './entry-framing.ts';
import { type Environment, offsetKey, offsetOf, type Table, textKey } from './environment.ts';

/** The embedded log has one partition a topic. */
export const PARTITION = 0;

const FRAMED_BYTES = 8 * 1024 * 1024;

export interface ReadBound {
  readonly records: number;
  readonly bytes: number;
}

export class TopicTable {
  readonly topic: TopicName;
  readonly #table: Table;
  readonly #catalogue: Table;
  #first: bigint;
  #end: bigint;
  /** Where the group that is being written ends; equal to `#end` between groups. */
  #pendingEnd: bigint;

  constructor(topic: TopicName, table: Table, environment: Environment) {
    this.topic = topic;
    this.#table = table;
    this.#catalogue = environment.catalogue;
    const last = firstOf(table.getKeys({ reverse: true, limit: 1 }));
    const noted = environment.catalogue.get(endKey(topic));
    const notedEnd = noted === undefined ? 0n : BigInt(noted.toString());
    const storedEnd = last === undefined ? 0n : offsetOf(last) + 1n;
    this.#end = storedEnd > notedEnd ? storedEnd : notedEnd;
    this.#pendingEnd = this.#end;
    this.#first = this.#firstStored();
  }

  /** The first offset that is still there; `end` in an empty topic. */
  get first(): bigint {
    return this.#first;
  }

  /** The offset the next durable record will have at least. */
  get end(): bigint {
    return this.#end;
  }

  /** Only inside a group's transaction. */
  append(entry: Entry, appendedAtMs: number): Position {
    const offset = this.#pendingEnd;
    // `append` lets LMDB fill pages to the brim, since keys only grow.
    this.#table.putSync(offsetKey(offset), frameEntry(entry, appendedAtMs), { append: true });
    this.#pendingEnd = offset + 1n;
    return { topic: this.topic, partition: PARTITION, offset };
  }

  /** Whether the group has made the topic longer. */
  committed(): boolean {
    const grown = this.#pendingEnd > this.#end;
    this.#end = this.#pendingEnd;
    return grown;
  }

  rolledBack(): void {
    this.#pendingEnd = this.#end;
  }

  /** Records from `from` on, at least one if there is one, within the bound. */
  read(from: bigint, bound: ReadBound): readonly StoredRecord[] {
    const records: StoredRecord[] = [];
    let bytes = 0;
    for (const { key, value } of this.#table.getRange({ start: offsetKey(from), limit: bound.records })) {
      const position = { topic: this.topic, partition: PARTITION, offset: offsetOf(key) };
      const { partitionKey, headers, ...framed } = unframeEntry(value);
      records.push({
        topic: this.topic,
        key: framed.key,
        partitionKey,
        value: framed.value,
        headers,
        position,
        appendedAtMs: framed.appendedAtMs,
      });
      bytes += value.length;
      if (bytes >= bound.bytes) break;
    }
    return records;
  }

  /** Framed entries from `from` on, for retention: at most `limit`, and little more than `FRAMED_BYTES` of them. */
  framed(from: bigint, limit: number): readonly { readonly offset: bigint; readonly bytes: Buffer }[] {
    const entries: { readonly offset: bigint; readonly bytes: Buffer }[] = [];
    let held = 0;
    for (const { key, value } of this.#table.getRange({ start: offsetKey(from), limit })) {
      entries.push({ offset: offsetOf(key), bytes: value });
      held += value.length;
      if (held >= FRAMED_BYTES) break;
    }
    return entries;
  }

  /**
   * The first offset appended at or after the time, by halving: records stand in the order of the clock, as far as
   * the clock was right.
   */
  offsetAt(timeMs: number): bigint {
    let low = this.#first;
    let high = this.#end;
    while (low < high) {
      const middle = (low + high) / 2n;
      const found = this.framed(middle, 1)[0];
      if (found === undefined || found.offset >= high) high = middle;
      else if (unframeAppendedAtMs(found.bytes) < timeMs) low = found.offset + 1n;
      else high = middle;
    }
    return low;
  }

  /** Only inside a group's transaction. The end is noted, so that an emptied topic goes on where it was. */
  remove(offsets: readonly bigint[]): void {
    for (const offset of offsets) this.#table.removeSync(offsetKey(offset));
    this.#catalogue.putSync(endKey(this.topic), Buffer.from(String(this.#pendingEnd)));
  }

  /** After a removal is durable. */
  removed(): void {
    this.#first = this.#firstStored();
  }

  #firstStored(): bigint {
    const first = firstOf(this.#table.getKeys({ limit: 1 }));
    return first === undefined ? this.#end : offsetOf(first);
  }
}

function endKey(topic: TopicName): Buffer {
  return textKey(`end/${topic}`);
}

function firstOf(keys: Iterable<Buffer>): Buffer | undefined {
  for (const key of keys) return key;
  return undefined;
}
