// One segment of a decoded message, cut into fields only as far as is asked.
import type { Delimiters } from './delimiters.ts';
import { resolveEscapes } from './escapes.ts';
import type { Hl7Segment } from './message-view.ts';

/** What the segments of a message share. */
export interface MessageText {
  readonly text: string;
  readonly delimiters: Delimiters;
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
    return this.#count(this.#message.delimiters.repetition);
  }

  components(field: number, repetition = 1): number {
    if (this.#header && field <= 2) return repetition === 1 ? this.repetitions(field) : 0;
    if (!this.#findField(field) || !this.#findRepetition(field, repetition)) return 0;
    return this.#count(this.#message.delimiters.component);
  }

  text(field: number, component = 1, repetition = 1, subcomponent = 1): string {
    if (this.#header && field <= 2) {
      return component === 1 && repetition === 1 && subcomponent === 1 ? this.raw(field) : '';
    }
    if (!this.#findField(field) || !this.#findRepetition(field, repetition)) return '';
    const { text, delimiters, decode } = this.#message;
    if (!this.#narrow(delimiters.component, component) || !this.#narrow(delimiters.subcomponent, subcomponent))
      return '';
    const resolved = resolveEscapes(text.slice(this.#from, this.#to), delimiters, decode);
    return this.#broken ? resolved.replace(/\r\n?/g, '\n') : resolved;
  }

  raw(field: number): string {
    if (this.#header && field === 1) return this.#message.delimiters.field;
    return this.#findField(field) ? this.#message.text.slice(this.#from, this.#to) : '';
  }

  // What is found is left in `#from` and `#to`: a pair for each step would cost more than the search. Each `find` says
  // whether there is anything.

  #findField(field: number): boolean {
    const piece = this.#header ? field - 1 : field;
    if (!(piece >= 1 && piece <= PARTS_MAX)) return false;
    const starts = this.#starts;
    while (!this.#complete && starts.length <= piece + 1) this.#indexNext();
    const from = starts[piece];
    const next = starts[piece + 1];
    if (from === undefined || next === undefined) return false;
    this.#from = from;
    this.#to = next - 1;
    return from < this.#to;
  }

  #indexNext(): void {
    const { text, delimiters } = this.#message;
    const last = this.#starts[this.#starts.length - 1] ?? this.#end;
    // The search may run on to the first separator of the next segment, which is near.
    const separator = last > this.#end ? -1 : text.indexOf(delimiters.field, last);
    this.#complete = separator === -1 || separator >= this.#end;
    this.#starts.push((this.#complete ? this.#end : separator) + 1);
  }

  #findRepetition(field: number, repetition: number): boolean {
    const delimiter = this.#message.delimiters.repetition;
    if (repetition === 1) return this.#narrow(delimiter, 1);
    if (!(repetition > 1 && repetition <= PARTS_MAX)) return false;
    if (this.#cursorField !== field || this.#cursorRepetition > repetition) {
      this.#cursorField = field;
      this.#cursorRepetition = 1;
      this.#cursorAt = this.#from;
    }
    this.#from = this.#cursorAt;
    const found = this.#narrow(delimiter, repetition - this.#cursorRepetition + 1, true);
    if (found) {
      this.#cursorRepetition = repetition;
      this.#cursorAt = this.#from;
    }
    return found && this.#from < this.#to;
  }

  /** To the n-th part of what was found, counted from 1. */
  #narrow(delimiter: string, part: number, empty = false): boolean {
    if (!(part >= 1 && part <= PARTS_MAX)) return false;
    if (delimiter === '') return part === 1;
    const { text } = this.#message;
    for (let skipped = 1; skipped < part; skipped += 1) {
      const at = indexWithin(text, delimiter, this.#from, this.#to);
      if (at === -1) return false;
      this.#from = at + 1;
    }
    const end = indexWithin(text, delimiter, this.#from, this.#to);
    if (end !== -1) this.#to = end;
    return empty || this.#from < this.#to;
  }

  #count(delimiter: string): number {
    if (delimiter === '') return 1;
    let count = 1;
    let at = indexWithin(this.#message.text, delimiter, this.#from, this.#to);
    while (at !== -1 && count < PARTS_MAX) {
      count += 1;
      at = indexWithin(this.#message.text, delimiter, at + 1, this.#to);
    }
    return count;
  }
}

/** Up to here a loop is quicker than cutting and searching. */
const SHORT = 48;

/** Looks no further than `to`: a search to the end of a large message for each absent component would be quadratic. */
function indexWithin(text: string, character: string, from: number, to: number): number {
  if (to - from > SHORT) {
    const at = text.slice(from, to).indexOf(character);
    return at === -1 ? -1 : from + at;
  }
  const code = character.charCodeAt(0);
  for (let at = from; at < to; at += 1) if (text.charCodeAt(at) === code) return at;
  return -1;
}
