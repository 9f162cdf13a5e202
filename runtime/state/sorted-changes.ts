/**
 * Changes in the order of their keys, of each key the newest only. A tree that is written in order touches each of its
 * pages once; a million changes in the order of their making cost twice as much.
 *
 * Sorted in runs, a few ms each, which are merged as they are read: no turn of the event loop is long.
 */
import type { StateChange } from '../log/tasks/task-storage.ts';

const RUN_CHANGES = 8_000;

export class SortedChanges {
  readonly #stores = new Map<string, StoreRuns>();
  #bytes = 0;

  /** Of all values that were added. */
  get bytes(): number {
    return this.#bytes;
  }

  /** In the order of their making. */
  add(change: StateChange): void {
    let runs = this.#stores.get(change.store);
    if (runs === undefined) {
      runs = new StoreRuns();
      this.#stores.set(change.store, runs);
    }
    runs.add(change);
    this.#bytes += change.bytes?.length ?? 0;
  }

  /** Store by store. Empties it. */
  *take(): Generator<StateChange, void, undefined> {
    const stores = [...this.#stores.values()];
    this.#stores.clear();
    this.#bytes = 0;
    for (const runs of stores) yield* runs.take();
  }
}

class StoreRuns {
  readonly #runs: (readonly StateChange[])[] = [];
  #gathering: StateChange[] = [];

  add(change: StateChange): void {
    this.#gathering.push(change);
    if (this.#gathering.length >= RUN_CHANGES) this.#endRun();
  }

  take(): Iterable<StateChange> {
    this.#endRun();
    return merged(this.#runs);
  }

  #endRun(): void {
    // Sorting is stable: of one key, the newest comes last.
    const sorted = this.#gathering.sort(compare);
    this.#gathering = [];
    this.#runs.push(sorted.filter((change, index) => change.key !== sorted[index + 1]?.key));
  }
}

function merged(runs: readonly (readonly StateChange[])[]): Iterable<StateChange> {
  const [only] = runs;
  if (runs.length <= 1) return only ?? [];
  const half = runs.length >> 1;
  return mergedPair(merged(runs.slice(0, half)), merged(runs.slice(half)));
}

function* mergedPair(
  older: Iterable<StateChange>,
  newer: Iterable<StateChange>,
): Generator<StateChange, void, undefined> {
  const left = older[Symbol.iterator]();
  const right = newer[Symbol.iterator]();
  let old = left.next();
  let fresh = right.next();
  while (old.done !== true && fresh.done !== true) {
    const order = compare(old.value, fresh.value);
    if (order < 0) {
      yield old.value;
      old = left.next();
      continue;
    }
    yield fresh.value;
    fresh = right.next();
    if (order === 0) old = left.next();
  }
  for (; old.done !== true; old = left.next()) yield old.value;
  for (; fresh.done !== true; fresh = right.next()) yield fresh.value;
}

/** By UTF-16 code units: near enough to the order of the bytes, and much faster. */
function compare(left: StateChange, right: StateChange): number {
  if (left.key < right.key) return -1;
  return left.key === right.key ? 0 : 1;
}
