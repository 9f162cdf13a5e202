// The stores of tasks in one LMDB table: each has a short number that begins its keys.
import type { Database } from 'lmdb';
import type { StateChange } from '../log/tasks/task-storage.ts';
import type { CommittedEntry, CommittedStore } from './committed-store.ts';

const PREFIX_BYTES = 2;

/** Two tables of one environment. */
export interface StateTables {
  /** Store number (2 bytes, big-endian), key (UTF-8): the store codec's bytes. */
  readonly state: Database<Buffer, Buffer>;
  /** `store/<task>/<store>`: the number, as text. Other entries are others'. */
  readonly catalogue: Database<Buffer, Buffer>;
}

export class StateTable {
  readonly #state: Database<Buffer, Buffer>;
  readonly #catalogue: Database<Buffer, Buffer>;
  readonly #numbers = new Map<string, number>();
  #nextNumber = 1;

  constructor({ state, catalogue }: StateTables) {
    this.#state = state;
    this.#catalogue = catalogue;
    this.#restoreNumbers();
  }

  /** Empty as long as nothing was written to it. */
  store(task: string, name: string): CommittedStore {
    const full = storeName(task, name);
    const numberOf = (): number | undefined => this.#numbers.get(full);
    return {
      get: (key) => {
        const number = numberOf();
        return number === undefined ? undefined : this.#state.get(stateKey(number, key));
      },
      page: (prefix, after, limit) => {
        const number = numberOf();
        return number === undefined ? [] : this.#page(number, prefix, after, limit);
      },
    };
  }

  /** Only inside a transaction, which writes at once, or inside a `batch`, which writes on LMDB's own thread. */
  write(task: string, changes: readonly StateChange[]): void {
    let last: string | undefined;
    let number = 0;
    for (const { store, key, bytes } of changes) {
      // Changes come store by store, mostly.
      if (store !== last) number = this.#numberFor(storeName(task, store));
      last = store;
      const at = stateKey(number, key);
      if (bytes === undefined) void this.#state.remove(at);
      else void this.#state.put(at, asBuffer(bytes));
    }
  }

  /** Reads the numbers again: after a transaction that failed, or when the tables were cleared. */
  reload(): void {
    this.#restoreNumbers();
  }

  #restoreNumbers(): void {
    this.#numbers.clear();
    this.#nextNumber = 1;
    // `0` follows `/`: the end of all names that begin with `store/`.
    for (const { key, value } of this.#catalogue.getRange({
      start: Buffer.from('store/'),
      end: Buffer.from('store0'),
    })) {
      const number = Number(value.toString());
      this.#numbers.set(key.toString(), number);
      this.#nextNumber = Math.max(this.#nextNumber, number + 1);
    }
  }

  #numberFor(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = this.#nextNumber;
    this.#nextNumber += 1;
    this.#numbers.set(name, number);
    void this.#catalogue.put(Buffer.from(name), Buffer.from(String(number)));
    return number;
  }

  #page(number: number, prefix: string, after: string | undefined, limit: number): readonly CommittedEntry[] {
    const start = stateKey(number, after ?? prefix);
    const bound = stateKey(number, prefix);
    const entries: CommittedEntry[] = [];
    for (const { key, value } of this.#state.getRange({ start, limit, exclusiveStart: after !== undefined })) {
      if (key.length < bound.length || bound.compare(key, 0, bound.length) !== 0) break;
      entries.push([key.toString('utf8', PREFIX_BYTES), value]);
    }
    return entries;
  }
}

function storeName(task: string, name: string): string {
  return `store/${task}/${name}`;
}

function stateKey(number: number, key: string): Buffer {
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + Buffer.byteLength(key));
  bytes.writeUInt16BE(number);
  bytes.write(key, PREFIX_BYTES, 'utf8');
  return bytes;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
