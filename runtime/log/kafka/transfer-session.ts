/**
 * Carries records from elsewhere to Kafka exactly once: by the spool's forwarder and by the migration.
 *
 * 1. One transaction holds a slice of records and, under the cursor's key in a compacted topic, how far the sender has
 *    come. So the cursor that is read back after any trouble is the truth about what was carried.
 * 2. A session begins with a marker transaction: whoever worked under the same transactional id before can commit
 *    nothing more. Then the cursor is read back, committed records only, up to the marker.
 * 3. After any failed commit the outcome is not known and the session is of no more use: the next one reads the cursor.
 */
import type { Message, Producer, Transaction } from 'kafkajs';
import type { Telemetry } from '../../contracts/telemetry.ts';
import { type ClusterReader, openClusterReader } from './cluster-reader.ts';
import { compressionType } from './compression-codecs.ts';
import { kafkaClient } from './kafka-client.ts';
import type { KafkaConnection, KafkaLayout, KafkaTuning } from './kafka-options.ts';
import { partitionFor } from './partitioner.ts';
import { kafkaNames } from './topic-names.ts';

/** Compacted; a change log of cursors. */
export const CURSOR_TASK = 'spool';

export interface TransferOptions {
  readonly connection: KafkaConnection;
  readonly layout: KafkaLayout;
  readonly tuning: KafkaTuning;
  readonly telemetry: Telemetry;
  /** With the prefix. */
  readonly transactionalId: string;
  readonly cursorKey: string;
}

export interface TransferMessage {
  /** With the prefix. */
  readonly topic: string;
  readonly partition: number;
  readonly key: string | Buffer;
  readonly value: Buffer | null;
  readonly headers: ReadonlyMap<string, string>;
  /** Ms since 1970 UTC. */
  readonly timestampMs: number;
}

export interface TransferSession extends AsyncDisposable {
  readonly clusterId: string;
  readonly reader: ClusterReader;
  /** What the last committed transaction left, when the session began; undefined: there was none. */
  readonly cursor: Buffer | undefined;
  /** All of it or nothing; messages of one partition stand in the order given. */
  commit(messages: readonly TransferMessage[], cursor: Buffer): Promise<void>;
}

const SEND_BYTES = 4 * 1024 * 1024;
/** kafkajs copies a partition's list for each message it adds to it. */
const SEND_MESSAGES = 1_000;
const MESSAGE_OVERHEAD_BYTES = 64;

/** Rejects with the client's error, or with the signal's reason. */
export async function openTransferSession(options: TransferOptions, signal: AbortSignal): Promise<TransferSession> {
  const writer = new TransferWriter(options);
  let reader: ClusterReader | undefined;
  try {
    const marker = await writer.fence();
    signal.throwIfAborted();
    reader = await openClusterReader(options.connection, options.telemetry);
    const place = { ...writer.cursorPlace, key: Buffer.from(options.cursorKey) };
    const cursor = await lastValue(reader, place, marker, signal);
    const clusterId = await reader.clusterId();
    const opened = reader;
    return {
      clusterId,
      reader: opened,
      cursor,
      commit: (messages, next) => writer.commit(messages, next),
      [Symbol.asyncDispose]: async () => {
        await writer[Symbol.asyncDispose]();
        await opened[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await writer[Symbol.asyncDispose]();
    await reader?.[Symbol.asyncDispose]();
    throw error;
  }
}

class TransferWriter implements AsyncDisposable {
  readonly #options: TransferOptions;
  readonly #producer: Producer;
  readonly cursorPlace: { readonly topic: string; readonly partition: number };
  #open: Transaction | undefined;

  constructor(options: TransferOptions) {
    const { connection, layout, tuning, telemetry, transactionalId, cursorKey } = options;
    this.#options = options;
    this.cursorPlace = {
      topic: kafkaNames(layout.topicPrefix).changelog(CURSOR_TASK),
      partition: partitionFor(cursorKey, layout.partitions),
    };
    this.#producer = kafkaClient(connection, telemetry).producer({
      transactionalId,
      idempotent: true,
      maxInFlightRequests: 1,
      transactionTimeout: tuning.transactionTimeoutMs,
      // Short steps: a broker that is still completing the last transaction answers so for a few milliseconds.
      retry: { initialRetryTime: 1, maxRetryTime: 100, retries: 20 },
      // Every message names its partition; kafkajs asks all the same.
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
    });
  }

  /** Resolves with the offset of the marker in the cursor's partition. */
  async fence(): Promise<bigint> {
    await this.#producer.connect();
    const transaction = await this.#producer.transaction();
    this.#open = transaction;
    const { topic, partition } = this.cursorPlace;
    const [told] = await transaction.send({
      topic,
      acks: -1,
      timeout: this.#options.tuning.appendTimeoutMs,
      messages: [{ key: `#marker/${this.#options.cursorKey}`, value: '', partition }],
    });
    await transaction.commit();
    this.#open = undefined;
    return BigInt(told?.baseOffset ?? '0');
  }

  async commit(messages: readonly TransferMessage[], cursor: Buffer): Promise<void> {
    const transaction = await this.#producer.transaction();
    this.#open = transaction;
    const headers: ReadonlyMap<string, string> = new Map();
    const own = { ...this.cursorPlace, key: this.#options.cursorKey, value: cursor, headers, timestampMs: Date.now() };
    for (const slice of slices([...messages, own])) await this.#send(transaction, slice);
    await transaction.commit();
    this.#open = undefined;
  }

  /** An open transaction is aborted, so that it does not hold readers back until it times out. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Both fail where another has fenced this one or the broker is away; the broker then ends the transaction itself.
    await this.#open?.abort().catch(() => {});
    await this.#producer.disconnect().catch(() => {});
  }

  async #send(transaction: Transaction, slice: readonly TransferMessage[]): Promise<void> {
    const { tuning } = this.#options;
    const topics = new Map<string, Message[]>();
    for (const { topic, partition, key, value, headers, timestampMs } of slice) {
      // A time ahead of the broker's would be refused, or would keep the record longer than the others.
      const timestamp = String(Math.min(timestampMs, Date.now()));
      const message = { key, value, partition, headers: Object.fromEntries(headers), timestamp };
      const messages = topics.get(topic);
      if (messages === undefined) topics.set(topic, [message]);
      else messages.push(message);
    }
    await transaction.sendBatch({
      acks: -1,
      timeout: tuning.appendTimeoutMs,
      compression: compressionType(tuning.compression),
      topicMessages: [...topics].map(([topic, messages]) => ({ topic, messages })),
    });
  }
}

/** One send becomes one record batch a partition, and a batch has to keep below what brokers take. */
function* slices(messages: readonly TransferMessage[]): Generator<readonly TransferMessage[]> {
  let slice: TransferMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = message.key.length + (message.value?.length ?? 0) + MESSAGE_OVERHEAD_BYTES;
    if (slice.length > 0 && (bytes + size > SEND_BYTES || slice.length >= SEND_MESSAGES)) {
      yield slice;
      slice = [];
      bytes = 0;
    }
    slice.push(message);
    bytes += size;
  }
  if (slice.length > 0) yield slice;
}

const WINDOW_OFFSETS = 256n;
const WINDOW_GROWTH = 16n;
const FETCH_BYTES = 1024 * 1024;
const FETCH_WAIT_MS = 500;

/** Looks backwards in growing windows: the newest cursor stands near the end, whatever compaction has left before it. */
async function lastValue(
  reader: ClusterReader,
  { topic, partition, key }: { readonly topic: string; readonly partition: number; readonly key: Buffer },
  before: bigint,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const first = (await reader.offsets([topic], 'first')).get(topic)?.[partition] ?? 0n;
  let size = WINDOW_OFFSETS;
  for (let end = before; end > first; size *= WINDOW_GROWTH) {
    const begin = end - size > first ? end - size : first;
    let found: Buffer | null | undefined;
    for (let at = begin; at < end; ) {
      signal.throwIfAborted();
      const wanted = { topic, partition, offset: at, maxBytes: FETCH_BYTES };
      const [answer] = await reader.fetch([wanted], { maxWaitMs: FETCH_WAIT_MS, minBytes: 1 });
      if (answer === undefined) continue;
      for (const record of answer.records) {
        if (record.offset < end && record.key?.equals(key) === true) found = record.value;
      }
      // Compaction has moved the beginning: what is gone was replaced by something later.
      at = answer.outOfRange ? end : answer.next;
    }
    if (found !== undefined) return found ?? undefined;
    end = begin;
  }
  return undefined;
}
