/**
 * Divides the state of one task, which stood in the one partition of the embedded log, between the partitions on Kafka.
 *
 * - State is by site: an entry goes to the partition of the site its key begins with.
 * - A task with a grouping (the tally): a group goes where its root goes, whose key is the partition key of the inputs.
 *   Entries of a group without a root (deletions of instances of which no store has come) go to every partition: only
 *   the one that gets the study's records will ever look for them, and which one that is cannot be told from a hash.
 * - Timers go where their key goes. Noted faults of processors stay behind: counting begins anew.
 * - Positions are translated, not divided: see `record-check.ts`.
 */
import type { TopicName } from '../../schemas/records.ts';
import { OWN_STORES } from '../log/tasks/task-storage.ts';
import { type CommittedStore, committedRange } from '../state/committed-store.ts';

/** As much of a task's definition as is needed here. */
export interface MigratedTask {
  readonly name: string;
  readonly inputs: readonly TopicName[];
  readonly grouping?: MigratedGrouping | undefined;
}

export interface MigratedGrouping {
  readonly roots: string;
  groupOf(store: string, key: string): string;
}

/** 16 digits of the due time and a slash stand before the timer's key. */
const DUE_PREFIX_CHARACTERS = 17;

export class StateDivision {
  readonly #grouping: MigratedGrouping | undefined;
  readonly #partitionOf: (partitionKey: string) => number;
  /** Lists of one, so that a million groups share them. */
  readonly #single: readonly (readonly number[])[];
  readonly #everywhere: readonly number[];
  readonly #groups = new Map<string, readonly number[]>();

  /** Remembers each root: about 100 bytes a study. */
  constructor(
    { grouping }: MigratedTask,
    partitions: number,
    partitionOf: (partitionKey: string) => number,
    store: (name: string) => CommittedStore | undefined,
  ) {
    this.#grouping = grouping;
    this.#partitionOf = partitionOf;
    this.#everywhere = Array.from({ length: partitions }, (_, partition) => partition);
    this.#single = this.#everywhere.map((partition) => [partition]);
    const roots = grouping === undefined ? undefined : store(grouping.roots);
    if (grouping === undefined || roots === undefined) return;
    for (const [key] of committedRange(roots, '')) {
      this.#groups.set(grouping.groupOf(grouping.roots, key), this.#only(key));
    }
  }

  partitionsOf(store: string, key: string): readonly number[] {
    if (store === OWN_STORES.timers) return this.#ofTimer(key);
    if (store === OWN_STORES.due) return this.#ofTimer(key.slice(DUE_PREFIX_CHARACTERS));
    if (this.#grouping === undefined) return this.#only(siteOf(key));
    return this.#groups.get(this.#grouping.groupOf(store, key)) ?? this.#everywhere;
  }

  #ofTimer(key: string): readonly number[] {
    return this.#only(this.#grouping === undefined ? siteOf(key) : key);
  }

  #only(partitionKey: string): readonly number[] {
    return this.#single[this.#partitionOf(partitionKey)] ?? this.#everywhere;
  }
}

/** Whether the store's entries are carried one by one. */
export function isDivided(store: string): boolean {
  return store !== OWN_STORES.positions && store !== OWN_STORES.faults;
}

/** Every state key begins with its site; that of a site as a whole may be nothing more. */
function siteOf(key: string): string {
  const slash = key.indexOf('/');
  return slash === -1 ? key : key.slice(0, slash);
}
