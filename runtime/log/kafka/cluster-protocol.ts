// Two requests to one broker, Fetch and ListOffsets, with answers decoded by ourselves.
import type { Broker } from 'kafkajs';
import type { AbortedTransaction } from './committed-records.ts';
import { exchange, fetchRequest, listOffsetsRequest } from './kafkajs-internals.ts';

export interface FetchQuestion {
  readonly partitions: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly offset: bigint;
    readonly maxBytes: number;
  }[];
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly rack: string | undefined;
  readonly requestTimeoutMs: number;
}

export interface FetchAnswer {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: bigint;
  readonly lastStableOffset: bigint;
  readonly aborted: readonly AbortedTransaction[];
  /** -1: go on asking the leader. */
  readonly preferredReadReplica: number;
  readonly batches: Buffer;
}

export interface OffsetAnswer {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly offset: bigint;
}

const INT32_MAX = 0x7fff_ffff;

/** Committed records only (isolation level 1). A broker sends at least one whole batch, however large. */
export async function fetchFrom(broker: Broker, question: FetchQuestion): Promise<readonly FetchAnswer[]> {
  const request = fetchRequest({
    replicaId: -1,
    isolationLevel: 1,
    maxWaitTime: question.maxWaitMs,
    minBytes: question.minBytes,
    maxBytes: Math.min(
      INT32_MAX,
      question.partitions.reduce((sum, { maxBytes }) => sum + maxBytes, 0),
    ),
    rackId: question.rack ?? '',
    topics: question.partitions.map(({ topic, partition, offset, maxBytes }) => ({
      topic,
      partitions: [{ partition, fetchOffset: offset.toString(), maxBytes }],
    })),
  });
  const timeoutMs = question.maxWaitMs + question.requestTimeoutMs;
  return await exchange(broker, request, timeoutMs, decodeFetchAnswer);
}

/** `timestamp`: -1 the end, -2 the beginning, else the first at or after it (-1n: there is none). */
export async function listOffsetsOf(
  broker: Broker,
  partitions: readonly { readonly topic: string; readonly partition: number }[],
  timestamp: number,
  isolationLevel: 0 | 1,
  requestTimeoutMs: number,
): Promise<readonly OffsetAnswer[]> {
  const request = listOffsetsRequest({
    replicaId: -1,
    isolationLevel,
    topics: partitions.map(({ topic, partition }) => ({
      topic,
      partitions: [{ partition, timestamp: String(timestamp) }],
    })),
  });
  return await exchange(broker, request, requestTimeoutMs, decodeOffsetsAnswer);
}

function decodeFetchAnswer(raw: Buffer) {
  const cursor = new AnswerCursor(raw);
  const clientSideThrottleTime = cursor.int32();
  cursor.skip(6); // error code and id of a fetch session: there is none
  const answer = cursor
    .array(() => {
      const topic = cursor.string();
      return cursor.array(() => ({
        topic,
        partition: cursor.int32(),
        errorCode: cursor.int16(),
        highWatermark: cursor.int64(),
        lastStableOffset: cursor.int64(),
        logStartOffset: cursor.int64(),
        aborted: cursor.array(() => ({ producerId: cursor.int64(), firstOffset: cursor.int64() })),
        preferredReadReplica: cursor.int32(),
        batches: cursor.bytes(),
      }));
    })
    .flat();
  return { clientSideThrottleTime, answer };
}

function decodeOffsetsAnswer(raw: Buffer) {
  const cursor = new AnswerCursor(raw);
  const clientSideThrottleTime = cursor.int32();
  const answer = cursor
    .array(() => {
      const topic = cursor.string();
      return cursor.array(() => ({
        topic,
        partition: cursor.int32(),
        errorCode: cursor.int16(),
        timestampMs: cursor.int64(),
        offset: cursor.int64(),
      }));
    })
    .flat();
  return { clientSideThrottleTime, answer };
}

/** Reads an answer from front to back; a RangeError past its end. */
class AnswerCursor {
  readonly #raw: Buffer;
  #at = 0;
  constructor(raw: Buffer) {
    this.#raw = raw;
  }
  skip(count: number): void {
    this.#at += count;
  }
  int16(): number {
    this.#at += 2;
    return this.#raw.readInt16BE(this.#at - 2);
  }
  int32(): number {
    this.#at += 4;
    return this.#raw.readInt32BE(this.#at - 4);
  }
  int64(): bigint {
    this.#at += 8;
    return this.#raw.readBigInt64BE(this.#at - 8);
  }
  string(): string {
    const length = this.int16();
    this.#at += length;
    return this.#raw.toString('utf8', this.#at - length, this.#at);
  }
  bytes(): Buffer {
    const length = Math.max(0, this.int32());
    this.#at += length;
    return this.#raw.subarray(this.#at - length, this.#at);
  }
  array<Item>(read: () => Item): readonly Item[] {
    const items: Item[] = [];
    for (let left = this.int32(); left > 0; left -= 1) items.push(read());
    return items;
  }
}
