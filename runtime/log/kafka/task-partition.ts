/**
 * A task on one partition that this process owns, opened from what is committed:
 *
 *   fence (marker transaction) → local copy of the state → changelog up to the marker → fetch from the positions in the state
 *
 * What a commit of its own changes is written to the local copy after the commit only.
 */
import { join } from 'node:path';
import type { Kafka } from 'kafkajs';
import { positionText } from '../../../schemas/record-entry.ts';
import type { TopicName } from '../../../schemas/records.ts';
import { systemClock } from '../../contracts/clock.ts';
import { EnvironmentError } from '../../contracts/environment-error.ts';
import { LogError, type StoredRecord } from '../../contracts/record-log.ts';
import { openStateCache, type StateCache } from '../../state/state-cache.ts';
import { positionIn, positionsIn, type TaskCommit, type TaskStorage } from '../tasks/task-storage.ts';
import type { TaskOutline } from '../tasks/timer-barrier.ts';
import { restore } from './changelog.ts';
import { type ClusterReader, openClusterReader } from './cluster-reader.ts';
import { FetchWatchdog } from './fetch-watchdog.ts';
import { kafkaErrorCode } from './kafka-client.ts';
import type { KafkaLogOptions } from './kafka-options.ts';
import { outputMessage } from './output-message.ts';
import { partitionFor } from './partitioner.ts';
import { TaskFetcher } from './task-fetcher.ts';
import { type GroupOffset, TaskProducer } from './task-producer.ts';
import type { KafkaNames } from './topic-names.ts';

export interface TaskPartitionOptions {
  readonly log: KafkaLogOptions;
  readonly kafka: Kafka;
  readonly names: KafkaNames;
  readonly clusterId: string;
  readonly task: TaskOutline;
  readonly partition: number;
  /** Inputs of which this task, and no other, moves on what is misplaced. */
  readonly reroutes: readonly TopicName[];
  readonly pressed: () => boolean;
  /** Offsets of the group that are already committed, by full topic name. */
  readonly groupPositions: () => Promise<ReadonlyMap<string, readonly bigint[]>>;
  readonly failed: (error: Error) => void;
}

/** What is open of it; a failed commit closes all of it. */
export interface OpenPartition extends AsyncDisposable {
  readonly storage: TaskStorage;
  /** From now on `grown` tells of new records. */
  start(grown: (topics: ReadonlySet<string>) => void): void;
}

/** Rejects with whatever the broker's trouble is; the caller tries again. */
export async function openTaskPartition(options: TaskPartitionOptions, signal: AbortSignal): Promise<OpenPartition> {
  const opened: AsyncDisposable[] = [];
  // What was opened last is closed first.
  const close = async (): Promise<void> => {
    for (const part of opened.reverse().splice(0)) await part[Symbol.asyncDispose]();
  };
  try {
    const storage = await openStorage(options, signal, (part) => {
      opened.push(part);
      return part;
    });
    return { storage, start: (grown) => storage.start(grown), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openStorage(
  options: TaskPartitionOptions,
  signal: AbortSignal,
  keep: <Part extends AsyncDisposable>(part: Part) => Part,
): Promise<PartitionStorage> {
  const { log, kafka, names, task, partition, clusterId } = options;
  const { telemetry, tuning } = log;
  const startedMs = systemClock.monotonicMs();
  const changelog = names.changelog(task.name);
  const labels = { task: task.name, partition };
  const transactionalId = names.transactionalId(task.name, partition);
  const group = names.group(task.name);
  const producer = keep(new TaskProducer({ kafka, tuning, transactionalId, changelog, partition, group }));
  const marker = await producer.fence();
  signal.throwIfAborted();
  const cache = keep(
    await openStateCache({
      folder: join(log.cacheFolder, `${task.name}-${partition}`),
      identity: `${clusterId}/${changelog}/${partition}`,
      clock: systemClock,
      dropped: (reason) => telemetry.record('kafka.cache_dropped', { ...labels, reason }),
    }),
  );
  const reader = keep(await openClusterReader(log.connection, telemetry));
  const { changes, from } = await restore({ reader, topic: changelog, partition, cache, through: marker, signal });
  const tookMs = Math.round(systemClock.monotonicMs() - startedMs);
  telemetry.record('kafka.restored', { ...labels, changes, from: String(from), tookMs });
  const storage = keep(new PartitionStorage(options, producer, cache, reader));
  await storage.tellGroup();
  return storage;
}

class PartitionStorage implements TaskStorage, AsyncDisposable {
  readonly #options: TaskPartitionOptions;
  readonly #producer: TaskProducer;
  readonly #cache: StateCache;
  readonly #fetcher: TaskFetcher;
  readonly #watchdog: FetchWatchdog;
  readonly #moved = new Map<string, number>();
  #grown: (topics: ReadonlySet<string>) => void = () => {};

  constructor(options: TaskPartitionOptions, producer: TaskProducer, cache: StateCache, reader: ClusterReader) {
    const { log, names, task, partition, failed } = options;
    const { telemetry, tuning } = log;
    const labels = { task: task.name, partition };
    this.#options = options;
    this.#producer = producer;
    this.#cache = cache;
    this.#watchdog = new FetchWatchdog({
      stalledMs: tuning.fetchStalledMs,
      clock: systemClock,
      stalled: (stalledMs) => {
        telemetry.record('kafka.fetch_stalled', { ...labels, stalledMs });
        failed(new EnvironmentError('kafka.fetch_stalled', `fetches of ${task.name}/${partition} have no answer`));
      },
    });
    this.#fetcher = new TaskFetcher({
      reader,
      partition,
      inputs: task.inputs.map((topic) => ({
        topic,
        fullName: names.topic(topic),
        from: positionIn(this.stores, topic),
      })),
      schemas: log.schemas,
      watchdog: this.#watchdog,
      grown: (topics) => this.#grown(topics),
      failed,
      noted: (error) => telemetry.record('kafka.fetch_failed', { ...labels, code: kafkaErrorCode(error) }),
      expired: (topic, from, to) => {
        const records = Number(to - from);
        telemetry.record('kafka.unread_expired', { ...labels, topic, records });
      },
    });
  }

  get partition(): number {
    return this.#options.partition;
  }

  readonly stores = (name: string) => this.#cache.store(name);

  start(grown: (topics: ReadonlySet<string>) => void): void {
    this.#grown = grown;
    this.#watchdog.start();
    this.#fetcher.start();
  }

  read: TaskStorage['read'] = (topic, from, bound) => this.#fetcher.read(topic, from, bound);

  end(topic: TopicName): bigint {
    return this.#fetcher.end(topic);
  }

  pressed(): boolean {
    return this.#options.pressed();
  }

  async space(): Promise<void> {
    // The brokers' disks are watched by their administrators; a full one fails the commit.
  }

  misplaced(record: StoredRecord): ReturnType<TaskStorage['misplaced']> {
    const { log, reroutes, partition } = this.#options;
    const { topic } = record.position;
    if (partitionFor(record.partitionKey, log.layout.partitions) === partition) return undefined;
    if (!reroutes.some((name) => name === topic)) return undefined;
    this.#moved.set(topic, (this.#moved.get(topic) ?? 0) + 1);
    const { key, partitionKey, value } = record;
    const headers = new Map(record.headers).set('moved-from', positionText(record.position));
    return { topic, key, partitionKey, value, headers };
  }

  // Invariant 2: one transaction; the local copy follows it.
  async commit({ changes, outputs }: TaskCommit): Promise<void> {
    const { log, names, task, partition } = this.#options;
    const nowMs = log.clock.nowMs();
    const messages = outputs.map((entry) => outputMessage(entry, names, log.layout.partitions, nowMs));
    const labels = { task: task.name, partition };
    // The local copy's age is counted by the wall clock, whatever the tasks' clock is.
    const beganAtMs = systemClock.nowMs();
    try {
      const changedTo = await this.#producer.commit(messages, changes, this.#groupOffsets(changes));
      if (changedTo !== undefined) await this.#cache.apply(changes, changedTo, beganAtMs);
    } catch (error) {
      const cause = error instanceof LogError ? error.cause : error;
      log.telemetry.record('kafka.commit_failed', { ...labels, code: kafkaErrorCode(cause) });
      throw error instanceof LogError ? error : new LogError('log.commit_failed', { cause });
    }
    for (const [topic, records] of this.#moved) log.telemetry.record('kafka.rerouted', { ...labels, topic, records });
    this.#moved.clear();
  }

  /**
   * The group's offsets follow the positions in the state, which alone count. A group forgets its offsets when it was
   * away for a week: those that others' barriers wait for are told again.
   */
  async tellGroup(): Promise<void> {
    const { names, task, partition, groupPositions } = this.#options;
    const told = await groupPositions();
    const offsets = task.inputs
      .map((topic) => ({ topic: names.topic(topic), offset: positionIn(this.stores, topic) }))
      .filter(({ topic, offset }) => offset > 0n && told.get(topic)?.[partition] !== offset);
    if (offsets.length > 0) await this.#producer.commit([], [], offsets);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watchdog.stop();
    await this.#fetcher[Symbol.asyncDispose]();
  }

  #groupOffsets(changes: TaskCommit['changes']): readonly GroupOffset[] {
    const { names } = this.#options;
    return [...positionsIn(changes)].map(([topic, offset]) => ({ topic: names.topic(topic), offset }));
  }
}
