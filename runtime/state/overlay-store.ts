// A batch's own writes over the committed values of one store. Nothing is undone: an overlay is committed or forgotten.
import assert from 'node:assert/strict';
import type { StateCodec, StateStore } from '../contracts/task.ts';
import { type CommittedStore, committedRange } from './committed-store.ts';
import { compareKeys, lowerBound } from './key-order.ts';

export const KEY_BYTES_MAX = 1_900;

export class OverlayStore<V> implements StateStore<V> {
  readonly #committed: CommittedStore;
  readonly #codec: StateCodec<V>;
  /** `undefined` as the value: deleted in this batch. */
  readonly #written = new Map<string, { readonly value: V } | undefined>();
  /** The written keys in order; kept only from the first `range` on, since most batches ask for none. */
  #sorted: string[] | undefined;

  constructor(committed: CommittedStore, codec: StateCodec<V>) {
    this.#committed = committed;
    this.#codec = codec;
  }

  get(key: string): V | undefined {
    const written = this.#written.get(key);
    if (written !== undefined) return written.value;
    if (this.#written.has(key)) return undefined;
    const bytes = this.#committed.get(key);
    return bytes === undefined ? undefined : this.#codec.decode(bytes);
  }

  set(key: string, value: V): void {
    assertKey(key);
    this.#note(key);
    this.#written.set(key, { value });
  }

  delete(key: string): void {
    assertKey(key);
    this.#note(key);
    this.#written.set(key, undefined);
  }

  /** Merges both sides in order; what the batch writes while the range is read may or may not be seen. */
  *range(prefix: string): Generator<readonly [key: string, value: V], void, undefined> {
    const written = this.#writtenWith(prefix);
    let next = 0;
    for (const [key, bytes] of committedRange(this.#committed, prefix)) {
      for (; next < written.length; next += 1) {
        const own = written[next];
        if (own === undefined || compareKeys(own, key) >= 0) break;
        yield* this.#own(own);
      }
      if (written[next] === key) {
        next += 1;
        yield* this.#own(key);
      } else if (this.#written.has(key)) yield* this.#own(key);
      else yield [key, this.#codec.decode(bytes)];
    }
    for (const own of written.slice(next)) yield* this.#own(own);
  }

  get size(): number {
    return this.#written.size;
  }

  /** What is to be committed; `undefined`: delete. */
  *changes(): Generator<readonly [key: string, bytes: Uint8Array | undefined], void, undefined> {
    for (const [key, written] of this.#written) {
      yield [key, written === undefined ? undefined : this.#codec.encode(written.value)];
    }
  }

  *#own(key: string): Generator<readonly [key: string, value: V], void, undefined> {
    const written = this.#written.get(key);
    if (written !== undefined) yield [key, written.value];
  }

  #note(key: string): void {
    if (this.#sorted === undefined || this.#written.has(key)) return;
    this.#sorted.splice(lowerBound(this.#sorted, key), 0, key);
  }

  #writtenWith(prefix: string): readonly string[] {
    this.#sorted ??= [...this.#written.keys()].sort(compareKeys);
    const from = lowerBound(this.#sorted, prefix);
    let to = from;
    while (this.#sorted[to]?.startsWith(prefix) === true) to += 1;
    return this.#sorted.slice(from, to);
  }
}

function assertKey(key: string): void {
  // A UTF-16 code unit becomes at most three bytes: short keys need no counting.
  const fits = key.length * 3 <= KEY_BYTES_MAX || Buffer.byteLength(key) <= KEY_BYTES_MAX;
  assert(key !== '' && fits, `a state key has 1 to ${KEY_BYTES_MAX} bytes`);
}
