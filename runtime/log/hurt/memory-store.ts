// One task's committed stores in memory, in the order of their keys.
import type { CommittedEntry, CommittedStore } from '../../state/committed-store.ts';
import { lowerBound } from '../../state/key-order.ts';
import type { StateChange } from '../tasks/task-storage.ts';

export class MemoryStores {
  readonly #stores = new Map<string, MemoryStore>();

  store(name: string): MemoryStore {
    const store = this.#stores.get(name) ?? new MemoryStore();
    this.#stores.set(name, store);
    return store;
  }

  apply(changes: readonly StateChange[]): void {
    for (const { store, key, bytes } of changes) this.store(store).set(key, bytes);
  }
}

class MemoryStore implements CommittedStore {
  readonly #values = new Map<string, Uint8Array>();
  readonly #keys: string[] = [];

  get(key: string): Uint8Array | undefined {
    const bytes = this.#values.get(key);
    return bytes === undefined ? undefined : Uint8Array.from(bytes);
  }

  page(prefix: string, after: string | undefined, limit: number): readonly CommittedEntry[] {
    const entries: CommittedEntry[] = [];
    const from = lowerBound(this.#keys, after ?? prefix);
    for (const key of this.#keys.slice(from, from + limit + 1)) {
      if (!key.startsWith(prefix) || entries.length === limit) break;
      const bytes = this.get(key);
      if (bytes !== undefined && key !== after) entries.push([key, bytes]);
    }
    return entries;
  }

  set(key: string, bytes: Uint8Array | undefined): void {
    const index = lowerBound(this.#keys, key);
    const known = this.#keys[index] === key;
    if (bytes === undefined) {
      this.#values.delete(key);
      if (known) this.#keys.splice(index, 1);
      return;
    }
    this.#values.set(key, Uint8Array.from(bytes));
    if (!known) this.#keys.splice(index, 0, key);
  }
}
