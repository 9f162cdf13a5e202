// Words that must come out nowhere, each with the place it was planted at.

/** In no language, no identifier of ours and no base64 of anything else. */
const WORD = 'KANARIE';

/** What passes only as digits: a telephone number, a citizen number, a birthday. */
export const DIGITS = { telephone: '16100009137', citizen: '00000019800101003X', birthday: '19530714' } as const;

export class Canaries {
  readonly #places: string[] = [];

  /** A new one for a place. */
  at(place: string): string {
    this.#places.push(place);
    return `${WORD}${this.#places.length - 1}${WORD.at(-1)}`;
  }

  get planted(): number {
    return this.#places.length;
  }

  /** What of the planted words stands in a text, as it is or in base64, and where each was planted. */
  leaks(text: string): readonly string[] {
    const found: string[] = [];
    for (const match of text.matchAll(/KANARIE(\d*)E?/gi)) {
      found.push(`${match[0]} of ${this.#places[Number(match[1])] ?? 'a word'}: …${around(text, match.index)}…`);
    }
    for (const part of base64Parts()) if (text.includes(part)) found.push(`base64 of ${WORD}`);
    for (const [name, digits] of Object.entries(DIGITS)) if (text.includes(digits)) found.push(`the ${name}`);
    if (text.includes('1953-07-14')) found.push('the birthday as the cloud has it');
    return [...new Set(found)];
  }
}

/** Enough to find the place, without the rest. */
function around(text: string, at: number): string {
  return text.slice(Math.max(0, at - 80), at).replaceAll('\n', ' ');
}

/** The characters that base64 makes of the word wherever it begins among three bytes. */
function base64Parts(): readonly string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.from(`${' '.repeat(before)}${WORD}`)
      .toString('base64')
      .replaceAll('=', '');
    return encoded.slice(Math.ceil((before * 8) / 6), -1);
  });
}
