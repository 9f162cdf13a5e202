// A hash over records in their order: each part behind its length, so that no two sequences look alike.
import { createHash } from 'node:crypto';

export interface CarriedParts {
  readonly key: Uint8Array | string;
  readonly value: Uint8Array | null;
  readonly headers: ReadonlyMap<string, string>;
}

const NO_VALUE = -1;

export class CarriedHash {
  readonly #hash = createHash('sha256');
  readonly #length = Buffer.alloc(4);
  count = 0;

  add({ key, value, headers }: CarriedParts): void {
    this.count += 1;
    this.#part(key);
    if (value === null) this.#number(NO_VALUE);
    else this.#part(value);
    this.#number(headers.size);
    for (const name of [...headers.keys()].sort()) {
      this.#part(name);
      this.#part(headers.get(name) ?? '');
    }
  }

  digest(): string {
    return this.#hash.digest('hex');
  }

  #part(part: Uint8Array | string): void {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    this.#number(bytes.length);
    this.#hash.update(bytes);
  }

  #number(value: number): void {
    this.#length.writeInt32BE(value);
    this.#hash.update(this.#length);
  }
}

export function sameParts(left: CarriedParts, right: CarriedParts): boolean {
  if (left.headers.size !== right.headers.size) return false;
  for (const [name, text] of left.headers) if (right.headers.get(name) !== text) return false;
  if (left.value === null || right.value === null) {
    if (left.value !== right.value) return false;
  } else if (Buffer.compare(left.value, right.value) !== 0) return false;
  return Buffer.compare(Buffer.from(left.key), Buffer.from(right.key)) === 0;
}
