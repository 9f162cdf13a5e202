// One batch of a task: what its items change, collected over the committed state. Committed as a whole, or forgotten.
import assert from 'node:assert/strict';
import type { RecordCodec } from '../../../codecs/avro/record-codec.ts';
import type { Failure } from '../../../schemas/failure.ts';
import type { Entry } from '../../../schemas/record-entry.ts';
import type { TopicName } from '../../../schemas/records.ts';
import type { StoredRecord } from '../../contracts/record-log.ts';
import type { State, StateSchema, TaskContext, TaskDefinition } from '../../contracts/task.ts';
import type { CommittedStores } from '../../state/committed-store.ts';
import { mapStores } from '../../state/committed-view.ts';
import { OverlayStore } from '../../state/overlay-store.ts';
import { BatchTimers, type DueTimer } from './batch-timers.ts';
import { deadLetter, deadTimer } from './dead-letter.ts';
import { positionChange, type StateChange, type TaskCommit } from './task-storage.ts';

/** What a batch is made of, in this order. */
export type BatchItem<Report> =
  | { readonly kind: 'report'; readonly report: Report }
  | { readonly kind: 'timer'; readonly timer: DueTimer }
  | { readonly kind: 'record'; readonly record: StoredRecord };

export interface Rejection {
  readonly record: StoredRecord;
  readonly failure: Failure;
}

export class TaskBatch<S extends StateSchema, Report> {
  readonly #definition: TaskDefinition<S, Report>;
  readonly #codec: RecordCodec;
  readonly #overlays: OverlayStore<unknown>[] = [];
  readonly #names: string[] = [];
  readonly #timers: BatchTimers;
  readonly #touched = new Set<string>();
  readonly #outputs: Entry[] = [];
  readonly #rejections: Rejection[] = [];
  readonly #context: TaskContext<S>;

  constructor(definition: TaskDefinition<S, Report>, stores: CommittedStores, codec: RecordCodec, nowMs: number) {
    this.#definition = definition;
    this.#codec = codec;
    this.#timers = new BatchTimers(stores);
    const state = mapStores<S, State<S>>(definition.stores, (name, storeCodec) => {
      const overlay = new OverlayStore(stores(name), storeCodec);
      this.#overlays.push(overlay);
      this.#names.push(name);
      return overlay;
    });
    this.#context = {
      nowMs,
      state,
      timers: this.#timers,
      touch: (key) => {
        this.#touched.add(key);
      },
      emit: (entry) => this.#emit(entry),
      reject: (record, failure) => this.#reject(record, failure),
    };
  }

  /** Roughly how many writes the commit will have. */
  get writes(): number {
    let writes = this.#outputs.length + 3 * this.#timers.size + this.#touched.size;
    for (const overlay of this.#overlays) writes += overlay.size;
    return writes;
  }

  get outputs(): number {
    return this.#outputs.length;
  }

  get rejections(): readonly Rejection[] {
    return this.#rejections;
  }

  add(item: BatchItem<Report>): void {
    const { process, settle, wake } = this.#definition;
    switch (item.kind) {
      case 'report':
        assert(settle !== undefined, 'a task whose effects report has a settle');
        settle.call(this.#definition, item.report, this.#context);
        return;
      case 'timer':
        if (!this.#timers.stillDue(item.timer)) return;
        this.#timers.cancel(item.timer.key);
        assert(wake !== undefined, 'a task that schedules has a wake');
        wake.call(this.#definition, item.timer.key, this.#context);
        return;
      case 'record':
        process.call(this.#definition, item.record, this.#context);
    }
  }

  /** In place of `add`, for a record that belongs to another partition of its topic (invariant 3). */
  moveOn(entry: Entry): void {
    this.#outputs.push(entry);
  }

  /** In place of `add`, for an item that makes the processor throw again and again. */
  setAside(item: BatchItem<Report>, failure: Failure): void {
    if (item.kind === 'record') this.#reject(item.record, failure);
    if (item.kind === 'timer') {
      this.#timers.cancel(item.timer.key);
      this.#outputs.push(deadTimer(this.#codec, this.#definition.name, item.timer.key, failure, this.#context.nowMs));
    }
  }

  /** After all items, before `commit`. A key that is touched meanwhile has its turn too, once. */
  conclude(): void {
    const { conclude } = this.#definition;
    if (this.#touched.size === 0) return;
    assert(conclude !== undefined, 'a task that touches has a conclude');
    for (const key of this.#touched) conclude.call(this.#definition, key, this.#context);
  }

  /** Invariant 2: positions, state, timers and outputs in one. */
  commit(positions: ReadonlyMap<TopicName, bigint>, own: readonly StateChange[]): TaskCommit {
    const changes: StateChange[] = [...own, ...this.#timers.changes()];
    for (const [topic, position] of positions) changes.push(positionChange(topic, position));
    for (const [index, overlay] of this.#overlays.entries()) {
      const store = this.#names[index] ?? '';
      for (const [key, bytes] of overlay.changes()) changes.push({ store, key, bytes });
    }
    return { changes, outputs: this.#outputs };
  }

  #emit(entry: Entry): void {
    const known = this.#definition.outputs.some((topic) => topic === entry.topic) || entry.topic === 'dead.letters';
    assert(known, `task ${this.#definition.name} names ${entry.topic} among its outputs`);
    this.#outputs.push(entry);
  }

  // Invariant 3.
  #reject(record: StoredRecord, failure: Failure): void {
    this.#rejections.push({ record, failure });
    this.#outputs.push(deadLetter(this.#codec, this.#definition.name, record, failure, this.#context.nowMs));
  }
}
