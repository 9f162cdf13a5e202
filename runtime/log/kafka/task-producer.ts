/**
 * The transactions of one task on one partition.
 *
 * 1. The transactional id is prefix, task and partition: whoever opens a producer with it fences the owner before.
 *    The fence is shut by the first transaction, a marker in the changelog: everything the old owner committed stands
 *    before the marker, and nothing of it can come after.
 * 2. One transaction holds the outputs, the changes of the state (positions among them) and the group's offsets, in
 *    this order: offsets sent first have failed against a real broker.
 * 3. One send becomes one record batch a partition, so a large transaction is several sends.
 * 4. After any failure the outcome is not known, and a producer may be stuck in a transaction that timed out: it is
 *    thrown away, and the task is opened anew with another.
 */
import type { Kafka, Producer, Transaction } from 'kafkajs';
import { LogError } from '../../contracts/record-log.ts';
import type { StateChange } from '../tasks/task-storage.ts';
import { changelogMessage, MARKER_KEY } from './changelog.ts';
import { compressionType } from './compression-codecs.ts';
import { groupedMessages, namedPartitioner, type PlacedMessage } from './grouped-messages.ts';
import type { KafkaTuning } from './kafka-options.ts';

export interface TaskProducerOptions {
  readonly kafka: Kafka;
  readonly tuning: KafkaTuning;
  readonly transactionalId: string;
  /** Full name. */
  readonly changelog: string;
  readonly partition: number;
  readonly group: string;
}

export interface OutputMessage {
  /** Full name. */
  readonly topic: string;
  readonly message: PlacedMessage;
  readonly bytes: number;
}

export interface GroupOffset {
  /** Full name. */
  readonly topic: string;
  readonly offset: bigint;
}

/** Of one send: below what brokers take in a request, and small enough to be compressed between two heartbeats. */
const SEND_BYTES = 4 * 1024 * 1024;
const RECORD_OVERHEAD_BYTES = 64;

export class TaskProducer implements AsyncDisposable {
  readonly #options: TaskProducerOptions;
  readonly #producer: Producer;
  #open: Transaction | undefined;

  constructor(options: TaskProducerOptions) {
    this.#options = options;
    this.#producer = options.kafka.producer({
      transactionalId: options.transactionalId,
      idempotent: true,
      maxInFlightRequests: 1,
      transactionTimeout: options.tuning.transactionTimeoutMs,
      // Short steps: a broker that is still completing the last transaction answers so for a few milliseconds.
      retry: { initialRetryTime: 1, maxRetryTime: 100, retries: 20 },
      createPartitioner: namedPartitioner,
    });
  }

  /** Fences the owner before; resolves with the offset of the marker, before which all its commits stand. */
  async fence(): Promise<bigint> {
    const { changelog, partition, tuning } = this.#options;
    await this.#producer.connect();
    const transaction = await this.#producer.transaction();
    this.#open = transaction;
    const [told] = await transaction.send({
      topic: changelog,
      acks: -1,
      timeout: tuning.appendTimeoutMs,
      messages: [{ key: MARKER_KEY, value: String(process.pid), partition }],
    });
    await transaction.commit();
    this.#open = undefined;
    return BigInt(told?.baseOffset ?? '0');
  }

  /**
   * Invariant 2: all of it or nothing. Resolves with the changelog's offset after the last change, or undefined when
   * nothing was written to it; rejects with `log.commit_failed`, and is then of no more use.
   */
  async commit(
    outputs: readonly OutputMessage[],
    changes: readonly StateChange[],
    offsets: readonly GroupOffset[],
  ): Promise<bigint | undefined> {
    const { changelog, partition, group } = this.#options;
    try {
      const transaction = await this.#producer.transaction();
      this.#open = transaction;
      let changedTo: bigint | undefined;
      for (const slice of slices(this.#messages(outputs, changes))) {
        const end = await this.#send(transaction, slice);
        changedTo = end ?? changedTo;
      }
      const topics = offsets.map(({ topic, offset }) => ({
        topic,
        partitions: [{ partition, offset: String(offset) }],
      }));
      if (topics.length > 0) await transaction.sendOffsets({ consumerGroupId: group, topics });
      await transaction.commit();
      this.#open = undefined;
      return changedTo;
    } catch (cause) {
      throw new LogError('log.commit_failed', { cause: cause instanceof Error ? cause : new Error(changelog) });
    }
  }

  /** An open transaction is aborted, so that it does not hold readers back until it times out. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Both fail where the owner was fenced or the broker is away; the broker then ends the transaction itself.
    await this.#open?.abort().catch(() => {});
    await this.#producer.disconnect().catch(() => {});
  }

  /** Where the changelog goes on, if the slice held changes. */
  async #send(transaction: Transaction, slice: readonly OutputMessage[]): Promise<bigint | undefined> {
    const { changelog, partition, tuning } = this.#options;
    const topics = new Map<string, PlacedMessage[]>();
    for (const { topic, message } of slice) {
      const messages = topics.get(topic);
      if (messages === undefined) topics.set(topic, [message]);
      else messages.push(message);
    }
    const told = await transaction.sendBatch({
      acks: -1,
      timeout: tuning.appendTimeoutMs,
      compression: compressionType(tuning.compression),
      topicMessages: [...topics].map(([topic, messages]) => ({ topic, messages: groupedMessages(messages) })),
    });
    const own = told.find(({ topicName, partition: at }) => topicName === changelog && at === partition);
    const count = topics.get(changelog)?.length;
    return own?.baseOffset === undefined || count === undefined ? undefined : BigInt(own.baseOffset) + BigInt(count);
  }

  *#messages(outputs: readonly OutputMessage[], changes: readonly StateChange[]): Generator<OutputMessage> {
    yield* outputs;
    const { changelog, partition } = this.#options;
    for (const change of changes) {
      const { key, value } = changelogMessage(change);
      const bytes = key.length + (value?.length ?? 0);
      yield { topic: changelog, message: { key, value, partition }, bytes };
    }
  }
}

function* slices(messages: Iterable<OutputMessage>): Generator<readonly OutputMessage[]> {
  let slice: OutputMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = message.bytes + RECORD_OVERHEAD_BYTES;
    if (slice.length > 0 && bytes + size > SEND_BYTES) {
      yield slice;
      slice = [];
      bytes = 0;
    }
    slice.push(message);
    bytes += size;
  }
  if (slice.length > 0) yield slice;
}
