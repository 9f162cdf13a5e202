/**
 * Reads a Kafka cluster outside any consumer group: committed records, offsets, positions of groups.
 *
 * One link of its own, opened when first needed. Trouble with a connection cuts the link and rejects with kafkajs' error;
 * the next call opens a new one. A leader that moved is looked for once before the call rejects.
 *
 * A long poll to one broker never holds back the answer of another: what has not answered stays in flight, and its
 * answer is handed to a later `fetch` that asks the same partition at the same offset.
 */
import type { Telemetry } from '../../contracts/telemetry.ts';
import { ClusterLink } from './cluster-link.ts';
import { fetchFrom, listOffsetsOf, type OffsetAnswer } from './cluster-protocol.ts';
import { isLinkTrouble, isStaleMetadata } from './fetch-trouble.ts';
import { kafkaErrorCode } from './kafka-client.ts';
import type { KafkaConnection } from './kafka-options.ts';
import { protocolError } from './kafkajs-internals.ts';
import { type NodeFetch, NodeFetches } from './node-fetches.ts';
import type { FetchedRecord } from './record-batches.ts';

export type { FetchedRecord } from './record-batches.ts';

export interface PartitionFetch {
  /** The full name, with prefix. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** A larger batch is brought nevertheless, alone. */
  readonly maxBytes: number;
}

export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  /** Committed ones only, none below the offset asked for. */
  readonly records: readonly FetchedRecord[];
  /** Beyond the last record, and beyond control records, aborted ones and what compaction took, after it. */
  readonly next: bigint;
  /** As they came over the wire. */
  readonly bytes: number;
  readonly lastStableOffset: bigint;
  readonly highWatermark: bigint;
  /** The offset asked for is not in the log, before its beginning or beyond its end; nothing was fetched. */
  readonly outOfRange: boolean;
}

export interface ClusterReader extends AsyncDisposable {
  /**
   * Waits up to `maxWaitMs` for `minBytes`. Brings the partitions whose brokers have answered: all of them with one
   * broker; with several, as soon as one has something, so that one may be missing.
   * One call at a time.
   */
  fetch(
    partitions: readonly PartitionFetch[],
    wait: { readonly maxWaitMs: number; readonly minBytes: number },
  ): Promise<readonly FetchedPartition[]>;
  /** By topic, indexed by partition. `stable`: the end of what is committed; `high`: the end of all. */
  offsets(
    topics: readonly string[],
    which: 'first' | 'stable' | 'high',
  ): Promise<ReadonlyMap<string, readonly bigint[]>>;
  /** Indexed by partition: the first offset at or after the time, the end where there is none. */
  offsetsAt(topic: string, timeMs: number): Promise<readonly bigint[]>;
  /** Committed by the group, by topic, indexed by partition; -1n where it committed none. */
  groupPositions(group: string, topics: readonly string[]): Promise<ReadonlyMap<string, readonly bigint[]>>;
  clusterId(): Promise<string>;
}

/** Connects, so that wrong addresses and credentials show at once. */
export async function openClusterReader(connection: KafkaConnection, telemetry: Telemetry): Promise<ClusterReader> {
  const reader = new KafkaClusterReader(connection, telemetry);
  await reader.connect();
  return reader;
}

interface OpenedLink {
  readonly link: ClusterLink;
  readonly connected: Promise<void>;
}

const END = -1;
const BEGINNING = -2;

class KafkaClusterReader implements ClusterReader {
  readonly #connection: KafkaConnection;
  readonly #telemetry: Telemetry;
  readonly #fetches: NodeFetches;
  #opened: OpenedLink | undefined;
  #closed = false;

  constructor(connection: KafkaConnection, telemetry: Telemetry) {
    this.#connection = connection;
    this.#telemetry = telemetry;
    this.#fetches = new NodeFetches(connection.rack);
  }

  async connect(): Promise<void> {
    await this.#onLink([], async () => {});
  }

  async fetch(
    partitions: readonly PartitionFetch[],
    wait: { readonly maxWaitMs: number; readonly minBytes: number },
  ): Promise<readonly FetchedPartition[]> {
    if (partitions.length === 0) return [];
    const answers = await this.#onLink(topicsOf(partitions), async (link) => {
      const send: NodeFetch = async (nodeId, asked) =>
        await fetchFrom(await link.broker(nodeId), {
          partitions: asked,
          ...wait,
          rack: this.#connection.rack,
          requestTimeoutMs: this.#connection.requestTimeoutMs,
        });
      return await this.#fetches.fetch(partitions, (one) => leaderOf(link, one), send);
    });
    const wrong = answers.filter(({ outOfRange }) => outOfRange);
    if (wrong.length === 0) return answers;
    // The answer to an offset out of range names no ends.
    const topics = topicsOf(wrong);
    const [stable, high] = [await this.offsets(topics, 'stable'), await this.offsets(topics, 'high')];
    return answers.map((answer) =>
      answer.outOfRange
        ? {
            ...answer,
            lastStableOffset: stable.get(answer.topic)?.[answer.partition] ?? answer.lastStableOffset,
            highWatermark: high.get(answer.topic)?.[answer.partition] ?? answer.highWatermark,
          }
        : answer,
    );
  }

  async offsets(
    topics: readonly string[],
    which: 'first' | 'stable' | 'high',
  ): Promise<ReadonlyMap<string, readonly bigint[]>> {
    return await this.#offsets(topics, which === 'first' ? BEGINNING : END, which === 'high' ? 0 : 1);
  }

  async offsetsAt(topic: string, timeMs: number): Promise<readonly bigint[]> {
    // The end first: what is appended between the two requests must not be skipped.
    const ends = (await this.#offsets([topic], END, 0)).get(topic) ?? [];
    const found = (await this.#offsets([topic], Math.max(0, Math.trunc(timeMs)), 1)).get(topic) ?? [];
    return found.map((offset, partition) => (offset >= 0n ? offset : (ends[partition] ?? 0n)));
  }

  async groupPositions(group: string, topics: readonly string[]): Promise<ReadonlyMap<string, readonly bigint[]>> {
    return await this.#onLink(topics, async (link) => {
      const coordinator = await link.cluster.findGroupCoordinator({ groupId: group });
      const { responses } = await coordinator.offsetFetch({
        groupId: group,
        topics: topics.map((topic) => ({
          topic,
          partitions: partitionIds(link, topic).map((partition) => ({ partition, offset: '-1' })),
        })),
      });
      const found = responses.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset }) => ({ topic, partition, offset: BigInt(offset) })),
      );
      return byTopic(link, topics, found);
    });
  }

  async clusterId(): Promise<string> {
    return await this.#onLink([], async (link) => {
      const metadata: object = await link.cluster.metadata();
      const id: unknown = 'clusterId' in metadata ? metadata.clusterId : undefined;
      if (typeof id !== 'string') throw new TypeError('the cluster names no id');
      return id;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    if (this.#opened !== undefined) await this.#cut(this.#opened);
  }

  async #offsets(
    topics: readonly string[],
    timestamp: number,
    isolationLevel: 0 | 1,
  ): Promise<ReadonlyMap<string, readonly bigint[]>> {
    return await this.#onLink(topics, async (link) => {
      const partitions = topics.flatMap((topic) =>
        partitionIds(link, topic).map((partition) => ({ topic, partition })),
      );
      const byLeader = new Map<number, { topic: string; partition: number }[]>();
      for (const one of partitions) {
        const leader = leaderOf(link, one);
        byLeader.set(leader, [...(byLeader.get(leader) ?? []), one]);
      }
      const answers = await Promise.all(
        [...byLeader].map(async ([leader, asked]) =>
          listOffsetsOf(await link.broker(leader), asked, timestamp, isolationLevel, this.#connection.requestTimeoutMs),
        ),
      );
      return byTopic(link, topics, answers.flat().map(withoutError));
    });
  }

  /** Runs on the link with the topics' metadata loaded; a second time when a leader has moved. */
  async #onLink<Result>(topics: readonly string[], use: (link: ClusterLink) => Promise<Result>): Promise<Result> {
    for (let attempt = 0; ; attempt += 1) {
      this.#failIfClosed();
      const opened = this.#open();
      const { link, connected } = opened;
      try {
        await connected;
        await link.cluster.addMultipleTargetTopics([...topics]);
        return await use(link);
      } catch (error) {
        this.#failIfClosed();
        if (isLinkTrouble(error)) await this.#cut(opened);
        if (this.#opened !== opened || !isStaleMetadata(kafkaErrorCode(error)) || attempt > 0) throw error;
        await this.#refresh(opened);
      }
    }
  }

  #open(): OpenedLink {
    if (this.#opened !== undefined) return this.#opened;
    const link = new ClusterLink(this.#connection, this.#telemetry);
    const connected = link.connect().catch(async (error: unknown) => {
      await this.#cut(opened);
      throw error;
    });
    const opened: OpenedLink = { link, connected };
    this.#opened = opened;
    return opened;
  }

  /** The leader may still be unknown afterwards: then the second attempt fails. */
  async #refresh(opened: OpenedLink): Promise<void> {
    try {
      await opened.link.cluster.refreshMetadata();
    } catch (error) {
      if (isLinkTrouble(error)) await this.#cut(opened);
      throw error;
    }
  }

  /** Only the link that failed: another call may have opened the next one. */
  async #cut(opened: OpenedLink): Promise<void> {
    if (this.#opened === opened) {
      this.#opened = undefined;
      this.#fetches.forget();
    }
    await opened.link.cut();
  }

  #failIfClosed(): void {
    if (this.#closed) throw new ReaderClosed();
  }
}

/** What every call on a reader that was disposed of rejects with, also one that was waiting. */
export class ReaderClosed extends Error {
  readonly code = 'log.closed';
  constructor() {
    super('log.closed');
    this.name = 'ReaderClosed';
  }
}

function leaderOf(link: ClusterLink, { topic, partition }: { topic: string; partition: number }): number {
  const found = link.cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition);
  if (found === undefined) throw protocolError(UNKNOWN_TOPIC_OR_PARTITION);
  if (found.leader < 0) throw protocolError(LEADER_NOT_AVAILABLE);
  return found.leader;
}

const UNKNOWN_TOPIC_OR_PARTITION = 3;
const LEADER_NOT_AVAILABLE = 5;

function partitionIds(link: ClusterLink, topic: string): readonly number[] {
  const ids = link.cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
  if (ids.length === 0) throw protocolError(UNKNOWN_TOPIC_OR_PARTITION);
  return ids.sort((left, right) => left - right);
}

function withoutError(answer: OffsetAnswer): OffsetAnswer {
  if (answer.errorCode !== 0) throw protocolError(answer.errorCode);
  return answer;
}

function byTopic(
  link: ClusterLink,
  topics: readonly string[],
  found: readonly { readonly topic: string; readonly partition: number; readonly offset: bigint }[],
): ReadonlyMap<string, readonly bigint[]> {
  const offsets = new Map(found.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
  return new Map(
    topics.map((topic) => [topic, partitionIds(link, topic).map((id) => offsets.get(`${topic}/${id}`) ?? -1n)]),
  );
}

function topicsOf(partitions: readonly { readonly topic: string }[]): readonly string[] {
  return [...new Set(partitions.map(({ topic }) => topic))];
}
