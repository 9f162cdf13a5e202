/**
 * One producer id on one connection to the cluster: what is produced through it is stored once, in order.
 *
 * The broker tells a repeat by producer id and sequence number. kafkajs' producer takes a number back when a send fails,
 * although the broker may have written it: the next, different batch then looks like a repeat and is dropped without a
 * word. So the sequences are kept here:
 *
 * 1. A batch keeps its sequence number, and its bytes, however often it is produced.
 * 2. While a batch of a partition is not settled, no other batch of that partition is taken. Settled is what is stored,
 *    and what the broker refused for what it is: a refused batch has used no number.
 * 3. Whoever gives up a batch that is not settled closes the session. What it had on its way may still come to be stored,
 *    but not behind what the next session stores: that one has the same producer id and the next epoch, and a broker
 *    refuses an epoch that is over.
 */
import assert from 'node:assert/strict';
import type { Telemetry } from '../../contracts/telemetry.ts';
import { ClusterLink } from './cluster-link.ts';
import { COMPRESSION_TYPES, compressed } from './compression-codecs.ts';
import { kafkaErrorCode } from './kafka-client.ts';
import type { CompressionName, KafkaConnection } from './kafka-options.ts';
import { protocolError } from './kafkajs-internals.ts';
import { newProducerIdentity, type ProducerIdentity, rawProduce } from './raw-produce.ts';
import { type BatchMessage, recordBatch } from './record-batch-writer.ts';

export interface ProduceSessionOptions {
  readonly connection: KafkaConnection;
  readonly telemetry: Telemetry;
  /** Full names of all topics that may be produced to. */
  readonly topics: readonly string[];
  readonly compression: CompressionName;
  /** So long the broker waits for its replicas. */
  readonly replicasTimeoutMs: number;
}

export interface PartitionBatch {
  /** Full name. */
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly BatchMessage[];
}

/**
 * refused: none of the batch is stored, because of what it is. again: not known; the same batch is to be produced again.
 * lost: not known, and this session takes nothing more.
 */
export type Outcome =
  | { readonly kind: 'stored'; readonly baseOffset: bigint }
  | { readonly kind: 'refused' | 'again' | 'lost'; readonly code: string };

const REFUSED: ReadonlySet<string> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD']);
const LOST: ReadonlySet<string> = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'DUPLICATE_SEQUENCE_NUMBER',
  'INVALID_PRODUCER_EPOCH',
  'UNKNOWN_PRODUCER_ID',
  'PRODUCER_FENCED',
]);
const SEQUENCES = 2 ** 31;
const EPOCH_MAX = 2 ** 15 - 1;

interface OpenBatch {
  readonly batch: PartitionBatch;
  readonly bytes: Buffer;
}

export class ProduceSession {
  readonly #options: ProduceSessionOptions;
  readonly #link: ClusterLink;
  readonly #identity: ProducerIdentity;
  /** Next sequence number, by topic and partition. */
  readonly #sequences = new Map<string, number>();
  readonly #open = new Map<string, OpenBatch>();
  /** Leaders by topic, indexed by partition; undefined: to be asked for. */
  #leaders: ReadonlyMap<string, readonly number[]> | undefined;

  private constructor(options: ProduceSessionOptions, link: ClusterLink, identity: ProducerIdentity) {
    this.#options = options;
    this.#link = link;
    this.#identity = identity;
  }

  /** Rejects with kafkajs' errors when no broker answers. `before`: the session that this one follows. */
  static async open(options: ProduceSessionOptions, before: ProducerIdentity | undefined): Promise<ProduceSession> {
    const { connection, telemetry, topics } = options;
    const link = new ClusterLink(connection, telemetry);
    try {
      await link.connect();
      await link.cluster.addMultipleTargetTopics([...topics]);
      const broker = await link.broker(Number(link.cluster.getNodeIds()[0]));
      const identity = nextEpoch(before) ?? (await newProducerIdentity(broker, connection.requestTimeoutMs));
      return new ProduceSession(options, link, identity);
    } catch (error) {
      await link.cut();
      throw error;
    }
  }

  get identity(): ProducerIdentity {
    return this.#identity;
  }

  /** One outcome a batch, in order; at most one batch a partition. Never rejects. */
  async produce(batches: readonly PartitionBatch[]): Promise<readonly Outcome[]> {
    const outcomes = new Map<PartitionBatch, Outcome>();
    try {
      const byLeader = new Map<number, PartitionBatch[]>();
      const leaders = await this.#knownLeaders();
      for (const batch of batches) {
        const leader = leaders.get(batch.topic)?.[batch.partition] ?? NO_LEADER;
        const led = byLeader.get(leader);
        if (led === undefined) byLeader.set(leader, [batch]);
        else led.push(batch);
      }
      await Promise.all([...byLeader].map(async ([leader, led]) => await this.#produceTo(leader, led, outcomes)));
    } catch (error) {
      this.#leaders = undefined;
      const code = kafkaErrorCode(error);
      for (const batch of batches) if (!outcomes.has(batch)) outcomes.set(batch, { kind: 'again', code });
    }
    return batches.map((batch) => outcomes.get(batch) ?? { kind: 'again', code: 'LEADER_NOT_AVAILABLE' });
  }

  /** Cuts the connection: what is on its way may be stored or not. */
  async close(): Promise<void> {
    await this.#link.cut();
  }

  async #produceTo(
    leader: number,
    batches: readonly PartitionBatch[],
    outcomes: Map<PartitionBatch, Outcome>,
  ): Promise<void> {
    const { replicasTimeoutMs, connection } = this.#options;
    if (leader === NO_LEADER) {
      this.#leaders = undefined;
      return;
    }
    try {
      const encoded = await Promise.all(
        batches.map(async (batch) => ({ ...batch, bytes: await this.#encoded(batch) })),
      );
      const broker = await this.#link.broker(leader);
      const answers = await rawProduce(broker, encoded, replicasTimeoutMs, connection.requestTimeoutMs);
      for (const batch of batches) {
        const answer = answers.find(({ topic, partition }) => topic === batch.topic && partition === batch.partition);
        if (answer === undefined) continue;
        const outcome = outcomeOf(answer.errorCode, answer.baseOffset);
        this.#settle(batch, outcome);
        outcomes.set(batch, outcome);
      }
    } catch (error) {
      this.#forgetBroker(error);
      const code = kafkaErrorCode(error);
      for (const batch of batches) if (!outcomes.has(batch)) outcomes.set(batch, { kind: 'again', code });
    }
  }

  async #encoded(batch: PartitionBatch): Promise<Buffer> {
    const at = place(batch);
    const open = this.#open.get(at);
    assert(open === undefined || open.batch === batch, 'a partition has one batch that is not settled');
    if (open !== undefined) return open.bytes;
    const { compression } = this.#options;
    const bytes = await recordBatch(batch.messages, {
      transactional: false,
      ...this.#identity,
      firstSequence: this.#sequences.get(at) ?? 0,
      nowMs: Date.now(),
      compression: COMPRESSION_TYPES[compression],
      compress: async (recordBytes) => await compressed(COMPRESSION_TYPES[compression], recordBytes),
    });
    this.#open.set(at, { batch, bytes });
    return bytes;
  }

  #settle(batch: PartitionBatch, { kind }: Outcome): void {
    if (kind === 'again') this.#leaders = undefined;
    if (kind !== 'stored' && kind !== 'refused') return;
    const at = place(batch);
    this.#open.delete(at);
    if (kind === 'stored') {
      this.#sequences.set(at, ((this.#sequences.get(at) ?? 0) + batch.messages.length) % SEQUENCES);
    }
  }

  async #knownLeaders(): Promise<ReadonlyMap<string, readonly number[]>> {
    if (this.#leaders !== undefined) return this.#leaders;
    const { cluster } = this.#link;
    await cluster.refreshMetadata();
    const leaders = new Map<string, readonly number[]>();
    for (const topic of this.#options.topics) {
      const byPartition: number[] = [];
      for (const { partitionId, leader } of cluster.findTopicPartitionMetadata(topic))
        byPartition[partitionId] = leader;
      leaders.set(topic, byPartition);
    }
    this.#leaders = leaders;
    return leaders;
  }

  /** kafkajs goes on with a broker whose connection has ended unless it is told. */
  #forgetBroker(error: unknown): void {
    this.#leaders = undefined;
    if (!(error instanceof Error) || error.name !== 'KafkaJSConnectionClosedError') return;
    const [host, port]: readonly unknown[] = [Reflect.get(error, 'host'), Reflect.get(error, 'port')];
    if (typeof host === 'string' && typeof port === 'number') this.#link.cluster.removeBroker({ host, port });
  }
}

const NO_LEADER = -1;

/** A producer without transactions counts its epochs up by itself (KIP-360). */
function nextEpoch(before: ProducerIdentity | undefined): ProducerIdentity | undefined {
  if (before === undefined || before.producerEpoch >= EPOCH_MAX) return undefined;
  return { producerId: before.producerId, producerEpoch: before.producerEpoch + 1 };
}

function outcomeOf(errorCode: number, baseOffset: bigint): Outcome {
  if (errorCode === 0) return { kind: 'stored', baseOffset };
  const code = kafkaErrorCode(protocolError(errorCode));
  if (REFUSED.has(code)) return { kind: 'refused', code };
  return { kind: LOST.has(code) ? 'lost' : 'again', code };
}

function place({ topic, partition }: PartitionBatch): string {
  return `${topic}/${partition}`;
}
