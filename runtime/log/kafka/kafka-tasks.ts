// The tasks of this process on Kafka, and how far those of all processes are.
import type { Kafka } from 'kafkajs';
import type { TopicName } from '../../../schemas/records.ts';
import { systemClock } from '../../contracts/clock.ts';
import { type LogDescription, LogError } from '../../contracts/record-log.ts';
import type { Service } from '../../contracts/service.ts';
import type { StateSchema, TaskDefinition } from '../../contracts/task.ts';
import type { CommittedStores } from '../../state/committed-store.ts';
import type { IntakePressure } from '../tasks/intake-pressure.ts';
import type { TaskAtWork } from '../tasks/reopening-loop.ts';
import { TaskLoop } from '../tasks/task-loop.ts';
import type { Progress, ProgressSource, TaskOutline } from '../tasks/timer-barrier.ts';
import { TurnGate } from '../tasks/turn-gate.ts';
import { openClusterReader } from './cluster-reader.ts';
import { kafkaClient, kafkaErrorCode } from './kafka-client.ts';
import type { KafkaLogOptions } from './kafka-options.ts';
import { KafkaTaskService, type MembershipHooks } from './kafka-task-service.ts';
import { createMembership, type Membership } from './membership.ts';
import { PartitionAtWork } from './partition-at-work.ts';
import { ProgressWatch } from './progress-watch.ts';
import { type OpenPartition, openTaskPartition } from './task-partition.ts';
import { type KafkaNames, kafkaNames } from './topic-names.ts';

export interface KafkaTasksOptions {
  readonly options: KafkaLogOptions;
  readonly clusterId: string;
  readonly pressure: IntakePressure;
}

/** Of the thread's time, for all tasks together, while senders of the same process keep it busy. */
const SHARE_WHILE_APPENDING = 0.1;
/** Two heartbeats: a member that was thrown out has learnt it by the second. */
const CONFIRMING_HEARTBEATS = 2;
/** How soon a timer that waits for tasks elsewhere looks again. */
const LOOK_AGAIN_MS = 50;
const LOOK_FAILED_MS = 250;

export class KafkaTasks implements AsyncDisposable {
  readonly #log: KafkaLogOptions;
  readonly #clusterId: string;
  readonly #pressure: IntakePressure;
  readonly #names: KafkaNames;
  readonly #kafka: Kafka;
  readonly #turns: TurnGate;
  readonly #watch: ProgressWatch;
  readonly #outlines: TaskOutline[];
  readonly #running = new Map<string, Service>();
  /** What is open, by task and partition. */
  readonly #open = new Map<string, Map<number, OpenPartition>>();
  readonly #loops = new Set<{ changed(topics: ReadonlySet<string>): void }>();
  readonly #closed = new AbortController();
  #lookingAgain = false;

  constructor({ options, clusterId, pressure }: KafkaTasksOptions) {
    this.#log = options;
    this.#clusterId = clusterId;
    this.#pressure = pressure;
    this.#names = kafkaNames(options.layout.topicPrefix);
    this.#kafka = kafkaClient(options.connection, options.telemetry);
    this.#turns = new TurnGate({ clock: systemClock, pressure, share: SHARE_WHILE_APPENDING });
    this.#outlines = [...options.topology];
    this.#watch = new ProgressWatch({
      names: this.#names,
      partitions: options.layout.partitions,
      outlines: () => this.#outlines,
      open: () => openClusterReader(options.connection, options.telemetry),
    });
  }

  run<S extends StateSchema, Report>(definition: TaskDefinition<S, Report>): Service {
    const { name, inputs, outputs } = definition;
    if (this.#running.has(name)) throw new TypeError(`task ${name} runs already`);
    const known = this.#outlines.findIndex((outline) => outline.name === name);
    this.#outlines.splice(known === -1 ? this.#outlines.length : known, known === -1 ? 0 : 1, {
      name,
      inputs,
      outputs,
    });
    const service = new KafkaTaskService({
      name,
      telemetry: this.#log.telemetry,
      join: (hooks) => this.#join(definition, hooks),
      open: (partition, membership, after) =>
        new PartitionAtWork(
          {
            open: (signal) => this.#openPartition(definition, partition, signal),
            loopOver: (opened) => this.#loop(definition, opened),
            confirmed: (signal) => membership.heartbeats(CONFIRMING_HEARTBEATS, signal),
            noted: (error) => this.#openFailed(name, partition, error),
          },
          after,
        ),
      ended: () => this.#running.delete(name),
      failed: (error) => this.#log.onFatal(error instanceof Error ? error : new Error('not an error')),
    });
    this.#running.set(name, service);
    return service;
  }

  /** Of the partitions that are open here. */
  stores(task: string): readonly CommittedStores[] {
    return [...(this.#open.get(task)?.values() ?? [])].map(({ storage }) => storage.stores);
  }

  async describe(): Promise<LogDescription['tasks']> {
    const progress = await this.#watch.look();
    const topics = new Set(progress.tasks.flatMap(({ inputs }) => inputs));
    const ends = await this.#watch.readableEnds([...topics]);
    return progress.tasks.flatMap(({ name, inputs }) =>
      Array.from({ length: this.#log.layout.partitions }, (_, partition) => ({
        task: name,
        partition,
        inputs: inputs.map((topic) => ({
          topic,
          position: atLeastZero(progress.positions(name, topic)[partition]),
          end: ends.get(this.#names.topic(topic))?.[partition] ?? 0n,
        })),
      })),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new LogError('log.closed'));
    await Promise.all([...this.#running.values()].map((service) => service[Symbol.asyncDispose]()));
    await this.#watch[Symbol.asyncDispose]();
  }

  #join<S extends StateSchema, Report>(definition: TaskDefinition<S, Report>, hooks: MembershipHooks): Membership {
    const { connection, telemetry, tuning, layout } = this.#log;
    return createMembership({
      connection,
      telemetry,
      tuning,
      task: definition.name,
      group: this.#names.group(definition.name),
      topics: definition.inputs.map((topic) => this.#names.topic(topic)),
      partitions: layout.partitions,
      ...hooks,
    });
  }

  async #openPartition<S extends StateSchema, Report>(
    { name, inputs, outputs }: TaskDefinition<S, Report>,
    partition: number,
    signal: AbortSignal,
  ): Promise<OpenPartition> {
    const task = { name, inputs, outputs };
    const opened = await openTaskPartition(
      {
        log: this.#log,
        kafka: this.#kafka,
        names: this.#names,
        clusterId: this.#clusterId,
        task,
        partition,
        reroutes: this.#reroutes(task),
        pressed: () => this.#pressure.felt,
        groupPositions: () => this.#watch.committed(task),
        failed: (error) => this.#log.onFatal(error),
      },
      signal,
    );
    const partitions = this.#open.get(name) ?? new Map<number, OpenPartition>();
    this.#open.set(name, partitions);
    partitions.set(partition, opened);
    return {
      ...opened,
      [Symbol.asyncDispose]: async () => {
        partitions.delete(partition);
        await opened[Symbol.asyncDispose]();
      },
    };
  }

  #loop<S extends StateSchema, Report>(
    definition: TaskDefinition<S, Report>,
    { storage, start }: OpenPartition,
  ): TaskAtWork {
    const { codec, clock, telemetry } = this.#log;
    const progress: ProgressSource = { look: () => this.#look() };
    const loop = new TaskLoop({ definition, storage, progress, codec, clock, telemetry, turns: this.#turns });
    this.#loops.add(loop);
    const { name } = definition;
    const { partition } = storage;
    telemetry.record('task.started', { task: name, partition, waiting: 0 });
    start((topics) => loop.changed(topics));
    return {
      startEffects: (signal) => loop.startEffects(signal),
      run: () => loop.run(),
      drain: (deadline) => loop.drain(deadline),
      abandon: () => loop.abandon(),
      [Symbol.asyncDispose]: async () => {
        if (this.#loops.delete(loop)) telemetry.record('task.ended', { task: name, partition });
        await loop[Symbol.asyncDispose]();
      },
    };
  }

  /** The tasks that a timer waits for may run elsewhere: nothing here tells when they have gone on, so it looks again. */
  #look(): Promise<Progress> {
    if (!this.#lookingAgain) {
      this.#lookingAgain = true;
      systemClock.sleep(LOOK_AGAIN_MS, this.#closed.signal).then(
        () => {
          this.#lookingAgain = false;
          for (const loop of this.#loops) loop.changed(new Set());
        },
        // Closed: nobody waits any more.
        () => {},
      );
    }
    return this.#seen();
  }

  /** While the brokers are away a timer waits, as everything else does: nothing is due that cannot be looked up. */
  async #seen(): Promise<Progress> {
    for (;;) {
      try {
        return await this.#watch.look();
      } catch {
        // The client has told of its trouble; closed, nobody waits any more.
        await systemClock.sleep(LOOK_FAILED_MS, this.#closed.signal);
      }
    }
  }

  /** The first task of the topology that reads a topic moves on what is misplaced in it; others would double it. */
  #reroutes(task: TaskOutline): readonly TopicName[] {
    return task.inputs.filter(
      (topic) => this.#outlines.find(({ inputs }) => inputs.includes(topic))?.name === task.name,
    );
  }

  #openFailed(task: string, partition: number, error: unknown): void {
    const cause = error instanceof LogError ? error.cause : error;
    this.#log.telemetry.record('kafka.commit_failed', { task, partition, code: kafkaErrorCode(cause) });
  }
}

function atLeastZero(position: bigint | undefined): bigint {
  return position === undefined || position < 0n ? 0n : position;
}
