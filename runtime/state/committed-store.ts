// The committed values of one store, as bytes: what an overlay stands on. Each log brings its own.

export interface CommittedStore {
  /** The bytes stay valid until the next call. */
  get(key: string): Uint8Array | undefined;
  /**
   * At most `limit` entries whose key begins with `prefix`, in the order of their keys' UTF-8 bytes, beginning after
   * `after`. A page at a time, so that no cursor outlives the call: a cursor held across an `await` keeps freed pages
   * from being reused.
   */
  page(prefix: string, after: string | undefined, limit: number): readonly CommittedEntry[];
}

export type CommittedEntry = readonly [key: string, bytes: Uint8Array];

/** All stores of one task and partition, by name. */
export type CommittedStores = (store: string) => CommittedStore;

/** Entries a page: few enough to be cheap when only the first is wanted. */
const PAGE_ENTRIES = 64;

/** All entries with the prefix, page by page; what is committed between two pages may or may not be seen. */
export function* committedRange(store: CommittedStore, prefix: string): Generator<CommittedEntry, void, undefined> {
  let after: string | undefined;
  for (;;) {
    const entries = store.page(prefix, after, PAGE_ENTRIES);
    yield* entries;
    if (entries.length < PAGE_ENTRIES) return;
    after = entries.at(-1)?.[0];
  }
}
