// The committed state of a task, read-only: for its effects and for inspection.
import type { ReadonlyState, StateCodec, StateSchema, TaskDefinition } from '../contracts/task.ts';
import { type CommittedStore, type CommittedStores, committedRange } from './committed-store.ts';

export function committedView<S extends StateSchema, Report>(
  definition: TaskDefinition<S, Report>,
  committed: CommittedStores,
): ReadonlyState<S> {
  return mapStores(definition.stores, (name, codec) => storeView(committed(name), codec));
}

type StoreView<V> = ReadonlyState<{ readonly store: V }>['store'];

function storeView<V>(store: CommittedStore, codec: StateCodec<V>): StoreView<V> {
  return {
    get: (key) => {
      const bytes = store.get(key);
      return bytes === undefined ? undefined : codec.decode(bytes);
    },
    range: function* (prefix) {
      for (const [key, bytes] of committedRange(store, prefix)) yield [key, codec.decode(bytes)];
    },
  };
}

/** One value a store, under the store's name. */
export function mapStores<S extends StateSchema, Out extends { readonly [K in keyof S]: unknown }>(
  stores: TaskDefinition<S>['stores'],
  make: (name: string, codec: StateCodec<S[string]>) => Out[keyof S],
): Out {
  // `fromEntries` over rows of unknown length is untyped: no type can say that the names are those of the schema.
  const rows: Iterable<readonly unknown[]> = Object.entries(stores).map(([name, codec]) => [name, make(name, codec)]);
  return Object.fromEntries(rows);
}
