/**
 * Compares a topic on Kafka with the embedded log record by record, and learns where the offsets of one stand on the other.
 *
 * Both sides are read once, in order: the embedded topic as it is, and each partition on Kafka as far as its records
 * come up. What Kafka's own cleaning may have removed meanwhile is allowed to lack, and is counted: in a compacted topic
 * a record that a later one of the same key replaces, elsewhere what is past its retention.
 *
 * A position of a task in the embedded log becomes, for each partition, the offset of its first record at or behind that
 * position; the partition's end where there is none. So nothing is processed twice or skipped.
 */

import type { TopicName } from '../../schemas/records.ts';
import { TOPICS } from '../../schemas/topics.ts';
import { EnvironmentError } from '../contracts/environment-error.ts';
import type { RecordLog, StoredRecord } from '../contracts/record-log.ts';
import { CarriedHash, sameParts } from './carried-hash.ts';
import type { PartitionReader } from './partition-reader.ts';

export interface RecordCheckOptions {
  readonly embedded: RecordLog;
  readonly topic: TopicName;
  readonly partitions: readonly PartitionReader[];
  readonly partitionOf: (partitionKey: string) => number;
  /** Before it, records may have been removed on Kafka; undefined: never. */
  readonly expiredBeforeMs: number | undefined;
  /** Positions of tasks in the embedded topic. */
  readonly positions: readonly bigint[];
  readonly checked: (records: number) => void;
}

export interface CheckedTopic {
  readonly topic: TopicName;
  readonly records: number;
  readonly read: number;
  /** Removed on Kafka by retention or compaction since they were carried. */
  readonly cleaned: number;
  readonly hash: string;
  /** Embedded position → the same on Kafka, by partition. */
  readonly translated: ReadonlyMap<bigint, readonly bigint[]>;
}

/** Rejects with an `EnvironmentError`, `migration.differs`. */
export async function checkTopic(options: RecordCheckOptions, signal: AbortSignal): Promise<CheckedTopic> {
  const { embedded, topic, partitions, partitionOf, checked } = options;
  const translation = new Translation(options.positions, partitions);
  const here = new CarriedHash();
  const there = new CarriedHash();
  /** Keys whose record is missing; a later one must come. */
  const replaced = new Set<string>();
  let records = 0;
  for await (const chunk of embedded.scan(topic, {}, signal)) {
    for (const record of chunk) {
      records += 1;
      const partition = partitionOf(record.partitionKey);
      const reader = partitions[partition];
      const found = await reader?.peek(signal);
      const read = { key: found?.key ?? '', value: found?.value ?? null, headers: found?.headers ?? new Map() };
      if (found !== undefined && sameParts(record, read)) {
        here.add(record);
        there.add(read);
        translation.note(record.position.offset, partition, found.offset);
        replaced.delete(record.key);
        reader?.take();
      } else if (mayBeReplaced(topic)) {
        // A record without a value ends its key: both go.
        if (record.value === null) replaced.delete(record.key);
        else if (!isExpired(record, options)) replaced.add(record.key);
      } else if (!isExpired(record, options)) throw differs(record, partition);
    }
    checked(chunk.length);
  }
  for (const [partition, reader] of partitions.entries()) {
    if ((await reader.peek(signal)) !== undefined) {
      throw new EnvironmentError('migration.differs', `${topic}/${partition} on Kafka holds records of someone else`);
    }
  }
  const hash = here.digest();
  if (replaced.size > 0 || hash !== there.digest()) {
    throw new EnvironmentError('migration.differs', `${topic} on Kafka lacks records that nothing has replaced`);
  }
  return {
    topic,
    records,
    read: there.count,
    cleaned: records - there.count,
    hash,
    translated: translation.positions(),
  };
}

function mayBeReplaced(topic: TopicName): boolean {
  return TOPICS[topic].cleanup !== 'delete';
}

function isExpired({ appendedAtMs }: StoredRecord, { expiredBeforeMs }: RecordCheckOptions): boolean {
  return expiredBeforeMs !== undefined && appendedAtMs < expiredBeforeMs;
}

function differs({ position }: StoredRecord, partition: number): EnvironmentError {
  return new EnvironmentError(
    'migration.differs',
    `${position.topic} differs: offset ${position.offset} of the embedded log is not the next in partition ${partition} on Kafka`,
  );
}

class Translation {
  readonly #partitions: readonly PartitionReader[];
  /** Ascending. */
  readonly #wanted: readonly bigint[];
  readonly #found = new Map<bigint, (bigint | undefined)[]>();

  constructor(wanted: readonly bigint[], partitions: readonly PartitionReader[]) {
    this.#partitions = partitions;
    this.#wanted = wanted;
    for (const position of wanted) this.#found.set(position, new Array(partitions.length).fill(undefined));
  }

  note(embedded: bigint, partition: number, offset: bigint): void {
    for (const position of this.#wanted) {
      const row = this.#found.get(position);
      if (embedded >= position && row !== undefined) row[partition] ??= offset;
    }
  }

  positions(): ReadonlyMap<bigint, readonly bigint[]> {
    const ends = this.#partitions.map(({ end }) => end);
    return new Map(
      [...this.#found].map(([position, row]) => [position, row.map((at, index) => at ?? ends[index] ?? 0n)]),
    );
  }
}
