/**
 * A fetch whose answer keeps the record batches as bytes, for `record-batch.ts` to read.
 *
 * kafkajs' own fetch decodes every record before anything can be said about its batch. So the request is put on the
 * broker's connection here: kafkajs still connects, authenticates, numbers, times out and throttles.
 *
 * Source: Apache Kafka protocol guide, Fetch version 11.
 */
import assert from 'node:assert/strict';

const FETCH_KEY = 1;
/** Understood by every broker from 2.3 on, 4.x included. */
const FETCH_VERSION = 11;
const REPLICA_NONE = -1;
const EPOCH_NONE = -1;
const READ_COMMITTED = 1;
const READ_UNCOMMITTED = 0;

export interface RawFetch {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly committedOnly: boolean;
  /** Empty: the leader answers. */
  readonly rack: string;
  readonly partitions: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly offset: bigint;
    readonly maxBytes: number;
  }[];
}

export interface RawPartition {
  readonly topic: string;
  readonly partition: number;
  /** Kafka's number; 0 is none. */
  readonly errorCode: number;
  readonly highWatermark: bigint;
  readonly lastStableOffset: bigint;
  readonly logStartOffset: bigint;
  readonly abortedTransactions: readonly AbortedTransaction[];
  /** A replica nearer to the rack, by its node id; -1: none. */
  readonly preferredReadReplica: number;
  readonly recordBytes: Buffer;
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

export interface RawFetchAnswer {
  /** Kafka's number of an error of the whole request; 0 is none. */
  readonly errorCode: number;
  readonly partitions: readonly RawPartition[];
}

/** What kafkajs' Broker has beyond its declared type. */
interface BrokerConnections {
  readonly connectionPool: {
    send(protocol: {
      readonly request: ProtocolRequest;
      readonly response: {
        decode(bytes: Buffer): Promise<Throttled>;
        parse(answer: Throttled): Promise<RawFetchAnswer>;
      };
    }): Promise<RawFetchAnswer>;
  };
}

interface ProtocolRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
}

/** kafkajs waits so long before its next request. */
interface Throttled extends RawFetchAnswer {
  readonly clientSideThrottleTime: number;
}

/** `broker`: of kafkajs' `cluster.findBroker`. Rejects with kafkajs' errors when there is no answer. */
export async function rawFetch(broker: object, fetch: RawFetch): Promise<RawFetchAnswer> {
  assert(hasConnections(broker), 'kafkajs: a broker has its connections');
  return await broker.connectionPool.send({
    request: {
      apiKey: FETCH_KEY,
      apiVersion: FETCH_VERSION,
      apiName: 'Fetch',
      encode: async () => {
        const buffer = encodeFetch(fetch);
        return { buf: buffer, buffer };
      },
    },
    response: { decode: async (bytes) => decodeFetch(bytes), parse: async (answer) => answer },
  });
}

function hasConnections(broker: object): broker is BrokerConnections {
  const pool: unknown = Reflect.get(broker, 'connectionPool');
  return typeof pool === 'object' && pool !== null;
}

function encodeFetch(fetch: RawFetch): Buffer {
  const topics = new Map<string, RawFetch['partitions'][number][]>();
  for (const wanted of fetch.partitions) {
    const partitions = topics.get(wanted.topic);
    if (partitions === undefined) topics.set(wanted.topic, [wanted]);
    else partitions.push(wanted);
  }
  const writer = new Writer(requestBytes(fetch, topics.keys()));
  writer.int32(REPLICA_NONE);
  writer.int32(fetch.maxWaitMs);
  writer.int32(fetch.minBytes);
  writer.int32(fetch.maxBytes);
  writer.int8(fetch.committedOnly ? READ_COMMITTED : READ_UNCOMMITTED);
  writer.int32(0); // No fetch session.
  writer.int32(EPOCH_NONE);
  writer.int32(topics.size);
  for (const [topic, partitions] of topics) {
    writer.text(topic);
    writer.int32(partitions.length);
    for (const { partition, offset, maxBytes } of partitions) {
      writer.int32(partition);
      writer.int32(EPOCH_NONE);
      writer.int64(offset);
      writer.int64(-1n); // Log start offset: of followers only.
      writer.int32(maxBytes);
    }
  }
  writer.int32(0); // Forgotten topics: of sessions only.
  writer.text(fetch.rack);
  return writer.bytes;
}

const FIXED_BYTES = 33;
const PARTITION_BYTES = 28;
/** Length of the name, and of the list of partitions. */
const TOPIC_BYTES = 6;

function requestBytes(fetch: RawFetch, topics: Iterable<string>): number {
  let bytes = FIXED_BYTES + fetch.partitions.length * PARTITION_BYTES + 2 + Buffer.byteLength(fetch.rack);
  for (const topic of topics) bytes += TOPIC_BYTES + Buffer.byteLength(topic);
  return bytes;
}

class Writer {
  readonly bytes: Buffer;
  #at = 0;

  constructor(length: number) {
    this.bytes = Buffer.alloc(length);
  }

  int8(value: number): void {
    this.#at = this.bytes.writeInt8(value, this.#at);
  }

  int32(value: number): void {
    this.#at = this.bytes.writeInt32BE(value, this.#at);
  }

  int64(value: bigint): void {
    this.#at = this.bytes.writeBigInt64BE(value, this.#at);
  }

  text(value: string): void {
    this.#at = this.bytes.writeInt16BE(Buffer.byteLength(value), this.#at);
    this.#at += this.bytes.write(value, this.#at);
  }
}

function decodeFetch(bytes: Buffer): Throttled {
  const reader = new Reader(bytes);
  const clientSideThrottleTime = reader.int32();
  const errorCode = reader.int16();
  reader.int32(); // Session.
  const partitions: RawPartition[] = [];
  for (let topics = reader.int32(); topics > 0; topics -= 1) {
    const topic = reader.text();
    for (let left = reader.int32(); left > 0; left -= 1) partitions.push(readPartition(reader, topic));
  }
  return { clientSideThrottleTime, errorCode, partitions };
}

function readPartition(reader: Reader, topic: string): RawPartition {
  return {
    topic,
    partition: reader.int32(),
    errorCode: reader.int16(),
    highWatermark: reader.int64(),
    lastStableOffset: reader.int64(),
    logStartOffset: reader.int64(),
    abortedTransactions: readAborted(reader),
    preferredReadReplica: reader.int32(),
    recordBytes: reader.blob(),
  };
}

function readAborted(reader: Reader): readonly AbortedTransaction[] {
  const aborted: AbortedTransaction[] = [];
  // -1 for none.
  for (let left = reader.int32(); left > 0; left -= 1) {
    aborted.push({ producerId: reader.int64(), firstOffset: reader.int64() });
  }
  return aborted;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  int64(): bigint {
    this.#at += 8;
    return this.#bytes.readBigInt64BE(this.#at - 8);
  }

  text(): string {
    const begin = this.#at + 2;
    this.#at = begin + this.#bytes.readInt16BE(this.#at);
    return this.#bytes.toString('utf8', begin, this.#at);
  }

  blob(): Buffer {
    const begin = this.#at + 4;
    this.#at = begin + Math.max(0, this.#bytes.readInt32BE(this.#at));
    return this.#bytes.subarray(begin, this.#at);
  }
}
