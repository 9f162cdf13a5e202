/**
 * The state of one task as it goes to Kafka: every entry with its partitions, in one order that does not change between
 * two runs, so that a migration can go on behind any entry and the check can walk beside it.
 */
import type { TopicName } from '../../schemas/records.ts';
import type { StoredState } from '../log/embedded/embedded-log.ts';
import { changelogMessage } from '../log/kafka/changelog.ts';
import { OWN_STORES, positionChange, positionIn, type StateChange } from '../log/tasks/task-storage.ts';
import type { CommittedEntry, CommittedStore } from '../state/committed-store.ts';
import { isDivided, type MigratedTask, StateDivision } from './state-division.ts';

export interface CarriedEntry {
  readonly store: string;
  readonly partitions: readonly number[];
  readonly key: string;
  readonly message: { readonly key: Buffer; readonly value: Buffer | null };
}

const PAGE_ENTRIES = 256;

export class CarriedState {
  readonly task: MigratedTask;
  readonly #stores: readonly StoredState[];
  readonly #division: StateDivision;

  constructor(
    task: MigratedTask,
    states: readonly StoredState[],
    partitions: number,
    partitionOf: (partitionKey: string) => number,
  ) {
    this.task = task;
    this.#stores = states.filter((state) => state.task === task.name);
    this.#division = new StateDivision(task, partitions, partitionOf, (name) => this.#store(name));
  }

  get stores(): readonly string[] {
    return this.#stores.map(({ store }) => store).filter(isDivided);
  }

  count(): number {
    let entries = 0;
    for (const { store, entries: stored } of this.#stores) {
      if (!isDivided(store)) continue;
      for (const page of pages(stored, undefined)) entries += page.length;
    }
    return entries;
  }

  /** In the embedded log; 0 for an input that was never read. */
  position(topic: TopicName): bigint {
    const positions = this.#store(OWN_STORES.positions);
    return positions === undefined ? 0n : positionIn(() => positions, topic);
  }

  /** Behind `after`, if that is given. */
  *entries(after?: { readonly store: string; readonly key: string }): Generator<CarriedEntry, void, undefined> {
    const from = after === undefined ? 0 : this.#stores.findIndex(({ store }) => store === after.store);
    for (const { store, entries } of this.#stores.slice(from)) {
      if (!isDivided(store)) continue;
      for (const page of pages(entries, after?.store === store ? after.key : undefined)) {
        for (const [key, bytes] of page) yield this.#carried({ store, key, bytes });
      }
    }
  }

  /** Its positions on Kafka, one entry an input and partition. */
  *positions(translated: (topic: TopicName) => readonly bigint[]): Generator<CarriedEntry, void, undefined> {
    for (const topic of this.task.inputs) {
      for (const [partition, position] of translated(topic).entries()) {
        const change = positionChange(topic, position);
        yield { store: change.store, partitions: [partition], key: topic, message: changelogMessage(change) };
      }
    }
  }

  #carried(change: StateChange): CarriedEntry {
    const { store, key } = change;
    return { store, key, partitions: this.#division.partitionsOf(store, key), message: changelogMessage(change) };
  }

  #store(name: string): CommittedStore | undefined {
    return this.#stores.find(({ store }) => store === name)?.entries;
  }
}

/** A page at a time: no cursor of LMDB is held while a transaction on Kafka is waited for. */
function* pages(
  store: CommittedStore,
  begin: string | undefined,
): Generator<readonly CommittedEntry[], void, undefined> {
  let after = begin;
  for (;;) {
    const page = store.page('', after, PAGE_ENTRIES);
    if (page.length > 0) yield page;
    if (page.length < PAGE_ENTRIES) return;
    after = page.at(-1)?.[0];
  }
}
