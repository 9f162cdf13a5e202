// The tasks of the log made to hurt: one a partition, opened anew whenever a commit fails or the owner changes.
import type { RecordCodec } from '../../../codecs/avro/record-codec.ts';
import type { Entry } from '../../../schemas/record-entry.ts';
import type { TopicName } from '../../../schemas/records.ts';
import type { Clock } from '../../contracts/clock.ts';
import { type LogDescription, LogError } from '../../contracts/record-log.ts';
import type { Service } from '../../contracts/service.ts';
import type { StateSchema, TaskDefinition } from '../../contracts/task.ts';
import type { Telemetry } from '../../contracts/telemetry.ts';
import type { CommittedStores } from '../../state/committed-store.ts';
import { IntakePressure } from '../tasks/intake-pressure.ts';
import { ReopeningLoop } from '../tasks/reopening-loop.ts';
import { TaskLoop } from '../tasks/task-loop.ts';
import { TaskService } from '../tasks/task-service.ts';
import { positionIn, type TaskCommit, type TaskStorage } from '../tasks/task-storage.ts';
import { noteOutline, type Progress, type TaskOutline } from '../tasks/timer-barrier.ts';
import { TurnGate } from '../tasks/turn-gate.ts';
import { MemoryStores } from './memory-store.ts';
import type { SeededRandom } from './seeded-random.ts';
import { type HurtTopics, type Troubles, turns } from './troubles.ts';

export interface HurtTasksOptions {
  readonly topics: HurtTopics;
  readonly partitions: number;
  readonly random: SeededRandom;
  readonly troubles: Troubles;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly codec: RecordCodec;
  readonly place: (entries: readonly Entry[]) => void;
  readonly onFatal: (error: Error) => void;
}

interface Owned {
  readonly stores: MemoryStores;
  /** A commit of an older epoch is refused: its owner has been replaced. */
  epoch: number;
}

export class HurtTasks implements AsyncDisposable {
  readonly #options: HurtTasksOptions;
  readonly #outlines: TaskOutline[] = [];
  readonly #owned = new Map<string, readonly Owned[]>();
  /** By task and partition. */
  readonly #running = new Map<string, { changed(topics: ReadonlySet<string>): void }>();
  readonly #services: Service[] = [];
  readonly #turns: TurnGate;
  readonly #progress: Progress;

  constructor(options: HurtTasksOptions) {
    this.#options = options;
    this.#turns = new TurnGate({ clock: options.clock, pressure: new IntakePressure(options.clock), share: 1 });
    this.#progress = {
      tasks: this.#outlines,
      ends: (topic) => (options.topics.get(topic) ?? []).map(({ end }) => end),
      positions: (task, topic) => this.stores(task).map((stores) => positionIn(stores, topic)),
    };
  }

  run<S extends StateSchema, Report>(definition: TaskDefinition<S, Report>): Service {
    const { name, inputs, outputs } = definition;
    noteOutline(this.#outlines, { name, inputs, outputs });
    const service = new TaskService({
      name,
      open: async () =>
        this.#ownedBy(name).map(
          (owned, partition) => new ReopeningLoop((signal) => this.#openLoop(definition, owned, partition, signal)),
        ),
      ended: () => {},
      failed: (error) => this.#options.onFatal(error instanceof Error ? error : new Error('not an error')),
    });
    this.#services.push(service);
    return service;
  }

  stores(task: string): readonly CommittedStores[] {
    return this.#ownedBy(task).map(
      ({ stores }) =>
        (name) =>
          stores.store(name),
    );
  }

  changed(topics: ReadonlySet<string>): void {
    for (const loop of this.#running.values()) loop.changed(topics);
  }

  describe(): LogDescription['tasks'] {
    return this.#outlines.flatMap(({ name, inputs }) =>
      this.stores(name).map((stores, partition) => ({
        task: name,
        partition,
        inputs: inputs.map((topic) => ({
          topic,
          position: positionIn(stores, topic),
          end: this.#end(topic, partition),
        })),
      })),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#services.map((service) => service[Symbol.asyncDispose]()));
  }

  async #openLoop<S extends StateSchema, Report>(
    definition: TaskDefinition<S, Report>,
    owned: Owned,
    partition: number,
    signal: AbortSignal,
  ): Promise<TaskLoop<S, Report>> {
    const { random, codec, clock, telemetry } = this.#options;
    // Restoring takes its time, while records come in.
    await turns(random.below(20));
    signal.throwIfAborted();
    owned.epoch += 1;
    const loop = new TaskLoop({
      definition,
      storage: this.#storage(definition.name, owned, partition),
      progress: { look: () => this.#progress },
      codec,
      clock,
      telemetry,
      turns: this.#turns,
    });
    this.#running.set(`${definition.name}/${partition}`, loop);
    return loop;
  }

  #storage(task: string, owned: Owned, partition: number): TaskStorage {
    const { topics, random, troubles } = this.#options;
    const { epoch } = owned;
    return {
      partition,
      stores: (name) => owned.stores.store(name),
      end: (topic) => this.#end(topic, partition),
      misplaced: () => undefined,
      read: async (topic, from, bound) => {
        await turns(random.below(2));
        const limit = random.happens(troubles.shortRead) ? 1 + random.below(5) : bound.records;
        const end = this.#end(topic, partition);
        const records = topics.get(topic)?.[partition]?.read(from, limit) ?? [];
        const last = records.at(-1);
        return { records, next: last === undefined ? end : last.position.offset + 1n };
      },
      commit: async (commit) => {
        await turns(random.below(3));
        this.#commit(task, owned, epoch, commit);
      },
      pressed: () => random.happens(0.5),
      space: async () => {},
    };
  }

  #commit(task: string, owned: Owned, epoch: number, commit: TaskCommit): void {
    const { random, troubles, place } = this.#options;
    // Another process took over while this one was in its batch.
    if (random.happens(troubles.ownerChange)) owned.epoch += 1;
    if (owned.epoch !== epoch) throw new LogError('log.commit_failed', { cause: new Error(`${task} was fenced`) });
    const fails = random.happens(troubles.failedCommit);
    if (fails && random.happens(0.5)) throw new LogError('log.commit_failed');
    owned.stores.apply(commit.changes);
    place(commit.outputs);
    // The commit took effect, but its answer was lost.
    if (fails) throw new LogError('log.commit_failed');
  }

  #ownedBy(task: string): readonly Owned[] {
    const known =
      this.#owned.get(task) ??
      Array.from({ length: this.#options.partitions }, () => ({ stores: new MemoryStores(), epoch: 0 }));
    this.#owned.set(task, known);
    return known;
  }

  #end(topic: TopicName, partition: number): bigint {
    return this.#options.topics.get(topic)?.[partition]?.end ?? 0n;
  }
}
