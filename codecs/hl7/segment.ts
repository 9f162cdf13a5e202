// One segment of a decoded message, cut into fields only as far as is asked.
import { ABSENT, type DelimiterCodes, type Delimiters } from './delimiters.ts';
import { resolveEscapes } from './escapes.ts';
import type { Hl7Segment } from './message-view.ts';

/** What the segments of a message share. */
export interface MessageText {
  readonly text: string;
  readonly delimiters: Delimiters;
  readonly codes: DelimiterCodes;
  /** Outside of it no escape character stands: most texts have none, and need not be searched one by one. */
  readonly escapes: { readonly from: number; readonly to: number };
  /** Bytes of a `\Xhh…\` sequence, in the message's own character set. */
  readonly decode: (bytes: Uint8Array) => string;
}

/** Fields, repetitions and components beyond it are not read: no segment of the standard has a tenth of it. */
const PARTS_MAX = 1000;

/** A class for its index, which grows with what is asked. */
export class LazySegment implements Hl7Segment {
  readonly name: string;
  readonly #message: MessageText;
  readonly #end: number;
  /** MSH-1 is the separator itself, so the first text after the name's separator is MSH-2. */
  readonly #header: boolean;
  /** Lines that are no segments follow and belong to the last field. */
  readonly #broken: boolean;
  /** Where each piece between separators begins; the name is piece 0. One past the end closes the last. */
  readonly #starts: number[];
  #complete = false;
  /** Where a repetition that was asked last begins, so that walking over all of them stays linear. */
  #cursorField = -1;
  #cursorRepetition = 1;
  #cursorAt = 0;
  #from = 0;
  #to = 0;

  constructor(message: MessageText, name: string, start: number, end: number, broken: boolean) {
    this.#message = message;
    this.name = name;
    this.#header = name === 'MSH';
    this.#starts = [start];
    this.#end = end;
    this.#broken = broken;
  }

  repetitions(field: number): number {
    if (this.#header && field <= 2) return this.raw(field) === '' ? 0 : 1;
    if (!this.#findField(field)) return 0;
    return this.#count(this.#message.codes.repetition, this.#to);
  }

  components(field: number, repetition = 1): number {
    if (this.#header && field <= 2) return repetition === 1 ? this.repetitions(field) : 0;
    if (!this.#findField(field) || !this.#findRepetition(field, repetition)) return 0;
    const { text, codes } = this.#message;
    const end = endOfPart(text, this.#from, this.#to, codes.repetition, ABSENT, ABSENT);
    return end === this.#from ? 0 : this.#count(codes.component, end);
  }

  text(field: number, component = 1, repetition = 1, subcomponent = 1): string {
    if (this.#header && field <= 2) {
      return component === 1 && repetition === 1 && subcomponent === 1 ? this.raw(field) : '';
    }
    if (!this.#findField(field) || !this.#findRepetition(field, repetition)) return '';
    const { text, codes } = this.#message;
    if (component !== 1 && !this.#skip(codes.component, component, codes.repetition, ABSENT)) return '';
    if (subcomponent !== 1 && !this.#skip(codes.subcomponent, subcomponent, codes.component, codes.repetition)) {
      return '';
    }
    const end = endOfPart(text, this.#from, this.#to, codes.subcomponent, codes.component, codes.repetition);
    return end === this.#from ? '' : this.#resolved(end);
  }

  plain(field: number): string | undefined {
    if (this.#header && field <= 2) return this.raw(field);
    if (!this.#findField(field)) return '';
    const { text, codes } = this.#message;
    const end = endOfPart(text, this.#from, this.#to, codes.subcomponent, codes.component, codes.repetition);
    return end === this.#to ? this.#resolved(end) : undefined;
  }

  raw(field: number): string {
    if (this.#header && field === 1) return this.#message.delimiters.field;
    return this.#findField(field) ? this.#message.text.slice(this.#from, this.#to) : '';
  }

  /** What was found, up to `end`. */
  #resolved(end: number): string {
    const { text, escapes, delimiters, decode } = this.#message;
    const sent = text.slice(this.#from, end);
    if (!this.#broken && (end <= escapes.from || this.#from >= escapes.to)) return sent;
    const resolved = resolveEscapes(sent, delimiters, decode);
    return this.#broken ? resolved.replace(/\r\n?/g, '\n') : resolved;
  }

  // What is found is left in `#from` and `#to`: a pair for each step would cost more than the search. Each step says
  // whether there is anything.

  #findField(field: number): boolean {
    const piece = this.#header ? field - 1 : field;
    if (!(piece >= 1 && piece <= PARTS_MAX)) return false;
    const starts = this.#starts;
    if (!this.#complete && starts.length <= piece + 1) this.#index(piece + 1);
    const from = starts[piece];
    const next = starts[piece + 1];
    if (from === undefined || next === undefined) return false;
    this.#from = from;
    this.#to = next - 1;
    return from < this.#to;
  }

  /** Goes on until where the piece begins is known. */
  #index(piece: number): void {
    const { text, codes } = this.#message;
    const starts = this.#starts;
    const to = this.#end;
    let at = starts[starts.length - 1] ?? to;
    while (starts.length <= piece) {
      const end = endOfPart(text, at, to, codes.field, ABSENT, ABSENT);
      at = end + 1;
      starts.push(at);
      if (end >= to) {
        this.#complete = true;
        return;
      }
    }
  }

  #findRepetition(field: number, repetition: number): boolean {
    if (repetition === 1) return true;
    if (!(repetition > 1 && repetition <= PARTS_MAX)) return false;
    if (this.#cursorField !== field || this.#cursorRepetition > repetition) {
      this.#cursorField = field;
      this.#cursorRepetition = 1;
      this.#cursorAt = this.#from;
    }
    this.#from = this.#cursorAt;
    if (!this.#skip(this.#message.codes.repetition, repetition - this.#cursorRepetition + 1, ABSENT, ABSENT)) {
      return false;
    }
    this.#cursorRepetition = repetition;
    this.#cursorAt = this.#from;
    return true;
  }

  /** To the n-th part of what was found, counted from 1, unless one of the outer separators comes before it. */
  #skip(separator: number, part: number, outer: number, outermost: number): boolean {
    if (!(part >= 1 && part <= PARTS_MAX)) return false;
    const { text } = this.#message;
    for (let skipped = 1; skipped < part; skipped += 1) {
      const end = endOfPart(text, this.#from, this.#to, separator, outer, outermost);
      if (end === this.#to || text.charCodeAt(end) !== separator) return false;
      this.#from = end + 1;
    }
    return true;
  }

  #count(separator: number, to: number): number {
    const { text } = this.#message;
    let count = 1;
    let at = endOfPart(text, this.#from, to, separator, ABSENT, ABSENT);
    while (at < to && count < PARTS_MAX) {
      count += 1;
      at = endOfPart(text, at + 1, to, separator, ABSENT, ABSENT);
    }
    return count;
  }
}

/** Up to here a loop is quicker than cutting and searching. */
const SHORT = 256;

/**
 * Where the first of the three separators stands, or `to`. Looks no further: a search to the end of a large message for
 * each absent component would be quadratic.
 */
function endOfPart(text: string, from: number, to: number, one: number, other: number, third: number): number {
  const near = to - from > SHORT ? from + SHORT : to;
  for (let at = from; at < near; at += 1) {
    const code = text.charCodeAt(at);
    if (code === one || code === other || code === third) return at;
  }
  return near >= to ? to : near + endOfLong(text.slice(near, to), one, other, third);
}

function endOfLong(text: string, ...separators: readonly number[]): number {
  let end = text.length;
  for (const separator of separators) {
    const at = separator === ABSENT ? -1 : text.slice(0, end).indexOf(String.fromCharCode(separator));
    if (at !== -1) end = at;
  }
  return end;
}
