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

  constructor(message: MessageText, name: string, start: number, end: number, broken: boolean) {
    this.#message = message;
    this.name = name;
    this.#header = name === 'MSH';
    this.#starts = [start];
    this.#end = end;
    this.#broken = broken;
  }

  repetitions(field: number): number {
    if (this.raw(field) === '') return 0;
    if (this.#header && field <= 2) return 1;
    const [from, to] = this.#bounds(field);
    return this.#count(from, to, this.#message.delimiters.repetition);
  }

  components(field: number, repetition = 1): number {
    if (this.#header && field <= 2) return this.raw(field) === '' ? 0 : 1;
    const [from, to] = this.#repetition(field, repetition);
    return from >= to ? 0 : this.#count(from, to, this.#message.delimiters.component);
  }

  text(field: number, component = 1, repetition = 1, subcomponent = 1): string {
    if (this.#header && field <= 2)
      return component === 1 && repetition === 1 && subcomponent === 1 ? this.raw(field) : '';
    const { text, delimiters, decode } = this.#message;
    let [from, to] = this.#repetition(field, repetition);
    [from, to] = nth(text, from, to, delimiters.component, component);
    [from, to] = nth(text, from, to, delimiters.subcomponent, subcomponent);
    if (from >= to) return '';
    const resolved = resolveEscapes(text.slice(from, to), delimiters, decode);
    return this.#broken ? resolved.replace(/\r\n?/g, '\n') : resolved;
  }

  raw(field: number): string {
    if (this.#header && field === 1) return this.#message.delimiters.field;
    const [from, to] = this.#bounds(field);
    return this.#message.text.slice(from, to);
  }

  #repetition(field: number, repetition: number): readonly [from: number, to: number] {
    const [from, to] = this.#bounds(field);
    const { text, delimiters } = this.#message;
    if (repetition === 1) return nth(text, from, to, delimiters.repetition, 1);
    if (!(repetition > 1 && repetition <= PARTS_MAX)) return NOTHING;
    if (this.#cursorField !== field || this.#cursorRepetition > repetition) {
      this.#cursorField = field;
      this.#cursorRepetition = 1;
      this.#cursorAt = from;
    }
    const found = nth(text, this.#cursorAt, to, delimiters.repetition, repetition - this.#cursorRepetition + 1);
    if (found === NOTHING) return NOTHING;
    this.#cursorRepetition = repetition;
    this.#cursorAt = found[0];
    return found;
  }

  #count(from: number, to: number, delimiter: string): number {
    if (delimiter === '') return 1;
    let count = 1;
    for (let at = indexWithin(this.#message.text, delimiter, from, to); at !== -1 && count < PARTS_MAX; ) {
      count += 1;
      at = indexWithin(this.#message.text, delimiter, at + 1, to);
    }
    return count;
  }

  #bounds(field: number): readonly [from: number, to: number] {
    const piece = this.#header ? field - 1 : field;
    if (!(piece >= 1 && piece <= PARTS_MAX)) return NOTHING;
    const starts = this.#starts;
    const { text, delimiters } = this.#message;
    while (!this.#complete && starts.length <= piece + 1) {
      const separator = indexWithin(text, delimiters.field, starts[starts.length - 1] ?? this.#end, this.#end);
      this.#complete = separator === -1;
      starts.push((this.#complete ? this.#end : separator) + 1);
    }
    const from = starts[piece];
    const next = starts[piece + 1];
    return from === undefined || next === undefined ? NOTHING : [from, next - 1];
  }
}

const NOTHING: readonly [from: number, to: number] = [0, 0];
/** Up to here a loop is quicker than cutting and searching. */
const SHORT = 48;

/** The bounds of the n-th part, counted from 1. */
function nth(
  text: string,
  from: number,
  to: number,
  delimiter: string,
  part: number,
): readonly [from: number, to: number] {
  if (!(part >= 1 && part <= PARTS_MAX)) return NOTHING;
  if (delimiter === '') return part === 1 ? [from, to] : NOTHING;
  let begin = from;
  for (let skipped = 1; skipped < part; skipped += 1) {
    const at = indexWithin(text, delimiter, begin, to);
    if (at === -1) return NOTHING;
    begin = at + 1;
  }
  const end = indexWithin(text, delimiter, begin, to);
  return [begin, end === -1 ? to : end];
}

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
