// The tasks of the embedded log: one partition each, their commits in the one queue of writes.
import type { RecordCodec } from '../../../codecs/avro/record-codec.ts';
import type { TopicName } from '../../../schemas/records.ts';
import type { Clock } from '../../contracts/clock.ts';
import { type LogDescription, LogError } from '../../contracts/record-log.ts';
import type { Service } from '../../contracts/service.ts';
import type { StateSchema, TaskDefinition } from '../../contracts/task.ts';
import type { Telemetry } from '../../contracts/telemetry.ts';
import type { CommittedStores } from '../../state/committed-store.ts';
import type { StateTable } from '../../state/state-table.ts';
import type { IntakePressure } from '../tasks/intake-pressure.ts';
import { TaskLoop } from '../tasks/task-loop.ts';
import { TaskService } from '../tasks/task-service.ts';
import { positionIn, positionsIn, type TaskCommit, type TaskStorage } from '../tasks/task-storage.ts';
import { noteOutline, type Progress, type TaskOutline } from '../tasks/timer-barrier.ts';
import { TurnGate } from '../tasks/turn-gate.ts';
import type { DiskWatch } from './disk-watch.ts';
import { framedBytesMax } from './entry-framing.ts';
import type { GroupWriter } from './group-writer.ts';
import { PARTITION, type TopicTable } from './topic-table.ts';

/** Senders wait for a flush the longer, the more a commit has added to it: few large commits are better than many small. */
const FLUSH_CHARGE = 0.5;
const FLUSH_CHARGE_MAX_MS = 2;

export interface EmbeddedTasksOptions {
  readonly topics: ReadonlyMap<string, TopicTable>;
  readonly state: StateTable;
  readonly writer: GroupWriter;
  readonly pressure: IntakePressure;
  readonly taskShareWhileAppending: number;
  readonly disk: DiskWatch;
  readonly codec: RecordCodec;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly onFatal: (error: Error) => void;
}

interface RunningTask {
  changed(topics: ReadonlySet<string>): void;
}

export class EmbeddedTasks implements AsyncDisposable {
  readonly #options: EmbeddedTasksOptions;
  readonly #outlines: TaskOutline[] = [];
  readonly #running = new Map<string, RunningTask>();
  /** Committed positions by task and topic. */
  readonly #positions = new Map<string, Map<string, bigint>>();
  readonly #services: Service[] = [];
  readonly #turns: TurnGate;
  readonly #progress: Progress;

  constructor(options: EmbeddedTasksOptions) {
    this.#options = options;
    const { clock, pressure, taskShareWhileAppending } = options;
    this.#turns = new TurnGate({ clock, pressure, share: taskShareWhileAppending });
    this.#progress = {
      tasks: this.#outlines,
      ends: (topic) => [this.#end(topic)],
      positions: (task, topic) => [this.#position(task, topic)],
    };
  }

  run<S extends StateSchema, Report>(definition: TaskDefinition<S, Report>): Service {
    const { name, inputs, outputs } = definition;
    if (this.#running.has(name)) throw new TypeError(`task ${name} runs already`);
    noteOutline(this.#outlines, { name, inputs, outputs });
    for (const topic of inputs) this.#position(name, topic);
    const service = new TaskService({
      name,
      open: async () => [this.#openLoop(definition)],
      ended: () => {
        this.#running.delete(name);
        this.#options.telemetry.record('task.ended', { task: name, partition: PARTITION });
      },
      failed: (error) => {
        // The queue of writes has told of its own failure.
        if (!(error instanceof LogError))
          this.#options.onFatal(error instanceof Error ? error : new Error('not an error'));
      },
    });
    this.#services.push(service);
    return service;
  }

  /** For who reads like a task without being one: retention keeps what it has yet to read, and status shows how far it is. */
  attach(outline: TaskOutline, changed: (topics: ReadonlySet<string>) => void): TaskStorage {
    const { name, inputs } = outline;
    if (this.#running.has(name)) throw new TypeError(`task ${name} runs already`);
    noteOutline(this.#outlines, outline);
    for (const topic of inputs) this.#position(name, topic);
    this.#running.set(name, { changed });
    return this.#storage(name);
  }

  stores(task: string): CommittedStores {
    const { state } = this.#options;
    return (store) => state.store(task, store);
  }

  /** After each group that is durable. */
  changed(topics: ReadonlySet<string>): void {
    for (const task of this.#running.values()) task.changed(topics);
  }

  get known(): boolean {
    return this.#outlines.length > 0;
  }

  /** The first offset that a task has yet to read; undefined when no task reads the topic. */
  unreadFrom(topic: TopicName): bigint | undefined {
    let unread: bigint | undefined;
    for (const { name, inputs } of this.#outlines) {
      if (!inputs.includes(topic)) continue;
      const position = this.#position(name, topic);
      if (unread === undefined || position < unread) unread = position;
    }
    return unread;
  }

  describe(): LogDescription['tasks'] {
    return this.#outlines.map(({ name, inputs }) => ({
      task: name,
      partition: PARTITION,
      inputs: inputs.map((topic) => ({
        topic,
        position: this.#position(name, topic),
        end: this.#end(topic),
      })),
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#services.map((service) => service[Symbol.asyncDispose]()));
  }

  #openLoop<S extends StateSchema, Report>(definition: TaskDefinition<S, Report>): TaskLoop<S, Report> {
    const { codec, clock, telemetry } = this.#options;
    const storage = this.#storage(definition.name);
    const loop = new TaskLoop({
      definition,
      storage,
      progress: { look: () => this.#progress },
      codec,
      clock,
      telemetry,
      turns: this.#turns,
    });
    this.#running.set(definition.name, loop);
    let waiting = 0;
    for (const topic of definition.inputs) waiting += Number(this.#end(topic) - positionIn(storage.stores, topic));
    telemetry.record('task.started', { task: definition.name, partition: PARTITION, waiting });
    return loop;
  }

  #storage(task: string): TaskStorage {
    const { topics, disk, pressure } = this.#options;
    const stores = memoised(this.stores(task));
    return {
      partition: PARTITION,
      stores,
      read: async (topic, from, bound) => {
        const records = topics.get(topic)?.read(from, bound) ?? [];
        const last = records.at(-1);
        return { records, next: last === undefined ? this.#end(topic) : last.position.offset + 1n };
      },
      end: (topic) => this.#end(topic),
      // One partition holds all.
      misplaced: () => undefined,
      commit: (commit) => this.#commit(task, commit),
      pressed: () => pressure.felt,
      space: (signal) => disk.space(signal),
    };
  }

  // Invariant 2: one job, so one transaction.
  async #commit(task: string, { changes, outputs }: TaskCommit): Promise<void> {
    const { topics, state, writer, clock } = this.#options;
    let bytes = 0;
    for (const entry of outputs) bytes += framedBytesMax(entry);
    for (const change of changes) bytes += change.bytes?.length ?? 0;
    const write = (): void => {
      const beganMs = clock.monotonicMs();
      state.write(task, changes);
      const nowMs = clock.nowMs();
      for (const entry of outputs) topics.get(entry.topic)?.append(entry, nowMs);
      this.#turns.charge(clock.monotonicMs() - beganMs);
    };
    const submittedMs = clock.monotonicMs();
    await writer.submit({ kind: 'commit', writes: changes.length + outputs.length, bytes, write });
    this.#turns.chargeWait(Math.min(FLUSH_CHARGE_MAX_MS, FLUSH_CHARGE * (clock.monotonicMs() - submittedMs)));
    const known = this.#positions.get(task);
    for (const [topic, position] of positionsIn(changes)) known?.set(topic, position);
  }

  /**
   * As far as this process has been told. LMDB shows a commit a moment before its promise resolves, and with it the
   * new ends of topics: a position read from LMDB could be ahead of the outputs that were committed with it, and a
   * timer's barrier would note an end too early.
   */
  #position(task: string, topic: TopicName): bigint {
    const known = this.#positions.get(task) ?? new Map<string, bigint>();
    this.#positions.set(task, known);
    const position = known.get(topic) ?? positionIn(this.stores(task), topic);
    known.set(topic, position);
    return position;
  }

  #end(topic: TopicName): bigint {
    return this.#options.topics.get(topic)?.end ?? 0n;
  }
}

function memoised(stores: CommittedStores): CommittedStores {
  const known = new Map<string, ReturnType<CommittedStores>>();
  return (name) => {
    const store = known.get(name) ?? stores(name);
    known.set(name, store);
    return store;
  };
}
