// The delimiters a message declares in MSH-1 and MSH-2.
import { failed, type Result, succeeded } from '../../schemas/failure.ts';

/** One character each; '' for one that the message does not have. */
export interface Delimiters {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
}

/** Their character codes, which are compared quicker than characters. */
export type DelimiterCodes = { readonly [Name in keyof Delimiters]: number };

/** Of a delimiter that the message does not have: the code of no character. */
export const ABSENT = -1;

export function delimiterCodes(delimiters: Delimiters): DelimiterCodes {
  return {
    field: codeOf(delimiters.field),
    component: codeOf(delimiters.component),
    repetition: codeOf(delimiters.repetition),
    escape: codeOf(delimiters.escape),
    subcomponent: codeOf(delimiters.subcomponent),
  };
}

function codeOf(delimiter: string): number {
  return delimiter === '' ? ABSENT : delimiter.charCodeAt(0);
}

export const STANDARD_DELIMITERS: Delimiters = {
  field: '|',
  component: '^',
  repetition: '~',
  escape: '\\',
  subcomponent: '&',
};

/** Printable, and no letter, digit or space: a message cut by letters would read as something it is not. */
const DELIMITER = /^[!-/:-@[-`{-~]$/;

/**
 * Reads them from a text that begins with MSH. An empty MSH-2 means the standard's recommendation; of one that is too short or
 * repeats a character, only what is there and distinct delimits.
 *
 * Fails with `hl7.unreadable_header` when MSH-1 can delimit nothing.
 *
 * Source: HL7 v2.5.1, sections 2.5.4 and 2.15.9.2.
 */
export function readDelimiters(text: string): Result<Delimiters> {
  if (text.startsWith('|^~\\&|', 3)) return STANDARD;
  const field = text.charAt(3);
  if (!DELIMITER.test(field)) return failed('hl7.unreadable_header', 'MSH-1 is no character that can separate fields');
  const encoding = /^[^\r\n]{0,5}/.exec(text.slice(4))?.[0].split(field, 1)[0] ?? '';
  if (encoding === '') {
    return succeeded(withDistinct(field, [...'^~\\&']));
  }
  return succeeded(withDistinct(field, [...encoding]));
}

const STANDARD: Result<Delimiters> = succeeded(STANDARD_DELIMITERS);

function withDistinct(field: string, characters: readonly string[]): Delimiters {
  const taken = new Set([field]);
  const take = (position: number): string => {
    const character = characters[position] ?? '';
    if (!DELIMITER.test(character) || taken.has(character)) return '';
    taken.add(character);
    return character;
  };
  return { field, component: take(0), repetition: take(1), escape: take(2), subcomponent: take(3) };
}
