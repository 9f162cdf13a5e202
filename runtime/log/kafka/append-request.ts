// What is on its way to the cluster: entries of several appends, a lane for each partition.
import assert from 'node:assert/strict';
import type { Entry } from '../../../schemas/record-entry.ts';
import type { AppendJob } from './append-job.ts';
import type { Outcome, PartitionBatch } from './produce-session.ts';
import type { BatchMessage } from './record-batch-writer.ts';

/** The first batch of a lane is produced, then the next. */
interface LaneBatch extends PartitionBatch {
  readonly messages: BatchMessage[];
  /** Without the prefix. */
  readonly name: string;
  /** Whose each message is, and which of its entries. */
  readonly jobs: AppendJob[];
  readonly indexes: number[];
}

export class AppendRequest {
  readonly jobs: AppendJob[] = [];
  /** Resolves when nobody waits any more for what is on its way. */
  readonly abandoned: Promise<undefined>;
  readonly #lanes = new Map<string, LaneBatch[]>();
  #entries = 0;
  #isAbandoned = false;
  #abandon: (nothing: undefined) => void = () => {};

  constructor() {
    this.abandoned = new Promise((resolve) => {
      this.#abandon = resolve;
    });
  }

  get entries(): number {
    return this.#entries;
  }

  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** Everything is stored or refused. */
  get isSettled(): boolean {
    return this.#lanes.size === 0;
  }

  get batches(): readonly PartitionBatch[] {
    return [...this.#lanes.values()].flatMap(([first]) => (first === undefined ? [] : [first]));
  }

  /** The job's next entry. */
  add(job: AppendJob, topic: string, partition: number, entry: Entry, index: number, timestamp: number): void {
    if (this.jobs.at(-1) !== job) this.jobs.push(job);
    this.#entries += 1;
    const batch = this.#laneOf(entry.topic, topic, partition);
    const { key, value, headers } = entry;
    batch.messages.push({
      key,
      value: value === null ? null : asBuffer(value),
      headers: Object.fromEntries(headers),
      timestamp,
    });
    batch.jobs.push(job);
    batch.indexes.push(index);
  }

  settle(settled: PartitionBatch, outcome: Outcome): void {
    const place = laneName(settled.topic, settled.partition);
    const lane = this.#lanes.get(place);
    const batch = lane?.shift();
    assert(lane !== undefined && batch === settled, 'an outcome is of the first batch of its lane');
    if (outcome.kind === 'stored') tellStored(batch, outcome.baseOffset);
    else if (outcome.kind !== 'refused') lane.unshift(batch);
    else if (batch.messages.length > 1) lane.unshift(...halves(batch));
    else batch.jobs[0]?.refuse(batch.indexes[0] ?? 0);
    if (lane.length === 0) this.#lanes.delete(place);
  }

  /** One of its jobs was rejected. */
  jobRejected(): void {
    if (!this.jobs.every(({ settled }) => settled)) return;
    this.#isAbandoned = true;
    this.#abandon(undefined);
  }

  #laneOf(name: string, topic: string, partition: number): LaneBatch {
    const place = laneName(topic, partition);
    const known = this.#lanes.get(place)?.[0];
    if (known !== undefined) return known;
    const batch = { name, topic, partition, messages: [], jobs: [], indexes: [] };
    this.#lanes.set(place, [batch]);
    return batch;
  }
}

function laneName(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function tellStored({ name, partition, jobs, indexes }: LaneBatch, baseOffset: bigint): void {
  let offset = baseOffset;
  for (const [at, job] of jobs.entries()) {
    job.stored(indexes[at] ?? 0, { topic: name, partition, offset });
    offset += 1n;
  }
}

/** Sent one after the other, so that the order stays. */
function halves(batch: LaneBatch): readonly [LaneBatch, LaneBatch] {
  const middle = batch.messages.length >> 1;
  const part = (from: number, to: number): LaneBatch => ({
    ...batch,
    messages: batch.messages.slice(from, to),
    jobs: batch.jobs.slice(from, to),
    indexes: batch.indexes.slice(from, to),
  });
  return [part(0, middle), part(middle, batch.messages.length)];
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
