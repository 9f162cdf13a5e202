// The stores of all tasks in one table: each has a short number that begins its keys.
import type { CommittedEntry, CommittedStore } from '../../state/committed-store.ts';
import type { StateChange } from '../tasks/task-storage.ts';
import { type Environment, type Table, textKey } from './environment.ts';

const PREFIX_BYTES = 2;

export class StateTable {
  readonly #state: Table;
  readonly #catalogue: Table;
  readonly #numbers = new Map<string, number>();
  #nextNumber = 1;

  constructor(environment: Environment) {
    this.#state = environment.state;
    this.#catalogue = environment.catalogue;
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

  /** Only inside a group's transaction. */
  write(task: string, changes: readonly StateChange[]): void {
    for (const { store, key, bytes } of changes) {
      const at = stateKey(this.#numberFor(storeName(task, store)), key);
      if (bytes === undefined) this.#state.removeSync(at);
      else this.#state.putSync(at, asBuffer(bytes));
    }
  }

  /** Forgets the numbers that the group had given. */
  rolledBack(): void {
    this.#restoreNumbers();
  }

  #restoreNumbers(): void {
    this.#numbers.clear();
    this.#nextNumber = 1;
    // `0` follows `/`: the end of all names that begin with `store/`.
    for (const { key, value } of this.#catalogue.getRange({ start: textKey('store/'), end: textKey('store0') })) {
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
    this.#catalogue.putSync(textKey(name), Buffer.from(String(number)));
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
