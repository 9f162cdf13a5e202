/**
 * Divides the state of one task, which stood in the one partition of the embedded log, between the partitions on Kafka.
 *
 * - State is by site: an entry goes to the partition of the site its key begins with.
 * - A task with a grouping (the tally): a group goes where its root goes, whose key is the partition key of the inputs.
 *   Entries of a group without a root (deletions of instances of which no store has come) go to every partition:
 *   only the one that gets the study's records will ever look for them, and which one that is cannot be told from a hash.
 * - Timers go where their key goes. Noted faults of processors stay behind: counting begins anew.
 * - Positions are translated, not divided: see `record-check.ts`.
 */

import { OWN_STORES } from '../log/tasks/task-storage.ts';
import type { CommittedStore } from '../state/committed-store.ts';
import { committedRange } from '../state/committed-store.ts';

/** As much of a task's definition as is needed here. */
export interface MigratedTask {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly grouping?:
    | {
        readonly roots: string;
        groupOf(store: string, key: string): string;
      }
    | undefined;
}

export type PartitionOf = (partitionKey: string) => number;

/** 16 digits of the due time and a slash stand before the timer's key. */
const DUE_PREFIX_CHARACTERS = 17;

export class StateDivision {
  readonly #task: MigratedTask;
  readonly #partitionOf: PartitionOf;
  readonly #everywhere: readonly number[];
  readonly #groups = new Map<string, readonly number[]>();

  /** Remembers each root: about 100 bytes a study. */
  constructor(task: MigratedTask, partitions: number, partitionOf: PartitionOf, roots: CommittedStore | undefined) {
    this.#task = task;
    this.#partitionOf = partitionOf;
    this.#everywhere = Array.from({ length: partitions }, (_, partition) => partition);
    const { grouping } = task;
    if (grouping === undefined || roots === undefined) return;
    for (const [key] of committedRange(roots, '')) {
      this.#groups.set(grouping.groupOf(grouping.roots, key), this.#only(key));
    }
  }

  /** Whether the store's entries are carried by `partitionsOf`. */
  carries(store: string): boolean {
    return store !== OWN_STORES.positions && store !== OWN_STORES.faults;
  }

  partitionsOf(store: string, key: string): readonly number[] {
    if (store === OWN_STORES.timers) return this.#only(this.#partitionKey(key));
    if (store === OWN_STORES.due) return this.#only(this.#partitionKey(key.slice(DUE_PREFIX_CHARACTERS)));
    const { grouping } = this.#task;
    if (grouping === undefined) return this.#only(siteOf(key));
    return this.#groups.get(grouping.groupOf(store, key)) ?? this.#everywhere;
  }

  #partitionKey(key: string): string {
    return this.#task.grouping === undefined ? siteOf(key) : key;
  }

  #only(partitionKey: string): readonly number[] {
    return [this.#everywhere[this.#partitionOf(partitionKey)] ?? 0];
  }
}

/** Every state key begins with its site; that of a site as a whole may be nothing more. */
function siteOf(key: string): string {
  const slash = key.indexOf('/');
  return slash === -1 ? key : key.slice(0, slash);
}
