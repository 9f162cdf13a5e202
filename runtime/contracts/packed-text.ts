/**
 * Values written one behind the other into one text, without names: a third of the same as JSON, and read with a
 * fraction of its work, since a text that was read in one piece is only cut.
 *
 * A number from 0 to 89 is one character (its value from U+0020 on); any other is `~`, its decimal form and `;`. A text
 * is the number of its UTF-16 code units and the text itself. What stands where is for writer and reader to agree on.
 */
const FIRST_CODE = 0x20;
const ONE_CHARACTER_BELOW = 90;
const LONG_NUMBER = '~';
const LONG_NUMBER_CODE = 0x7e;

export class TextPacker {
  /** What was written so far. */
  packed = '';

  number(value: number): void {
    this.packed += numberText(value);
  }

  boolean(value: boolean): void {
    this.number(value ? 1 : 0);
  }

  text(value: string): void {
    this.packed += numberText(value.length) + value;
  }

  /** `undefined` and `null` are the same here. */
  optionalText(value: string | null | undefined): void {
    if (value === undefined || value === null) this.number(0);
    else this.packed += numberText(value.length + 1) + value;
  }

  list<Item>(items: readonly Item[], write: (item: Item, to: TextPacker) => void): void {
    this.number(items.length);
    for (const item of items) write(item, this);
  }

  texts(values: readonly string[]): void {
    this.number(values.length);
    for (const value of values) this.text(value);
  }
}

/** Throws a RangeError where the text is not what the reader takes it for. */
export class TextUnpacker {
  readonly #packed: string;
  #at: number;

  constructor(packed: string, from = 0) {
    this.#packed = packed;
    this.#at = from;
  }

  number(): number {
    const code = this.#packed.charCodeAt(this.#at);
    this.#at += 1;
    if (code !== LONG_NUMBER_CODE) {
      if (code >= FIRST_CODE && code < FIRST_CODE + ONE_CHARACTER_BELOW) return code - FIRST_CODE;
      throw new RangeError('a packed number begins with none of its characters');
    }
    const end = this.#packed.indexOf(';', this.#at);
    const value = Number(this.#packed.slice(this.#at, end));
    this.#at = end + 1;
    return value;
  }

  boolean(): boolean {
    return this.number() !== 0;
  }

  text(): string {
    return this.#take(this.number());
  }

  optionalText(): string | undefined {
    const length = this.number();
    return length === 0 ? undefined : this.#take(length - 1);
  }

  list<Item>(read: (from: TextUnpacker) => Item): Item[] {
    const count = this.number();
    const items: Item[] = [];
    for (let index = 0; index < count; index += 1) items.push(read(this));
    return items;
  }

  texts(): string[] {
    const count = this.number();
    const values: string[] = [];
    for (let index = 0; index < count; index += 1) values.push(this.text());
    return values;
  }

  #take(length: number): string {
    const from = this.#at;
    this.#at += length;
    if (!(this.#at <= this.#packed.length)) throw new RangeError('a packed text ends before its length');
    return this.#packed.slice(from, this.#at);
  }
}

function numberText(value: number): string {
  const short = SHORT_NUMBERS[value];
  return short ?? `${LONG_NUMBER}${value};`;
}

const SHORT_NUMBERS: readonly string[] = Array.from({ length: ONE_CHARACTER_BELOW }, (_, value) =>
  String.fromCharCode(FIRST_CODE + value),
);
