// HL7's escape sequences: resolved when a text is read, written when a text is put into a message.
import type { Delimiters } from './delimiters.ts';

/** A longer run of spaces or lines is no layout. */
const LAYOUT_MAX = 100;

/**
 * Resolves `\F\ \S\ \T\ \R\ \E\`, `\Xhh…\` (bytes in the message's own character set), and the formatting commands of
 * FT. `\H\` and `\N\` (highlighting) and `\C…\` and `\M…\` (character set shifts) leave nothing. What is not known here, the
 * locally defined `\Z…\` included, and what is not terminated stays as text.
 *
 * Source: HL7 v2.5.1, section 2.7.
 */
export function resolveEscapes(text: string, delimiters: Delimiters, decode: (bytes: Uint8Array) => string): string {
  const mark = delimiters.escape;
  let open = mark === '' ? -1 : text.indexOf(mark);
  if (open === -1) return text;
  let resolved = '';
  let copied = 0;
  while (open !== -1) {
    const close = text.indexOf(mark, open + 1);
    if (close === -1) break;
    const meant = meaning(text.slice(open + 1, close), delimiters, decode);
    if (meant === undefined) {
      open = close;
    } else {
      resolved += text.slice(copied, open) + meant;
      copied = close + 1;
      open = text.indexOf(mark, copied);
    }
  }
  return resolved + text.slice(copied);
}

function meaning(body: string, delimiters: Delimiters, decode: (bytes: Uint8Array) => string): string | undefined {
  switch (body.charAt(0)) {
    case 'F':
      return body.length === 1 ? delimiters.field : undefined;
    case 'S':
      return body.length === 1 ? delimiters.component : undefined;
    case 'T':
      return body.length === 1 ? delimiters.subcomponent : undefined;
    case 'R':
      return body.length === 1 ? delimiters.repetition : undefined;
    case 'E':
      return body.length === 1 ? delimiters.escape : undefined;
    case 'H':
    case 'N':
      return body.length === 1 ? '' : undefined;
    case 'X':
      return hexMeaning(body, decode);
    case 'C':
      return /^C[0-9A-Fa-f]{4}$/.test(body) ? '' : undefined;
    case 'M':
      return /^M[0-9A-Fa-f]{4}(?:[0-9A-Fa-f]{2})?$/.test(body) ? '' : undefined;
    case '.':
      return layoutMeaning(body);
    default:
      return undefined;
  }
}

function hexMeaning(body: string, decode: (bytes: Uint8Array) => string): string | undefined {
  if (body.length < 3 || body.length % 2 === 0 || !/^X[0-9A-Fa-f]+$/.test(body)) return undefined;
  return decode(Buffer.from(body.slice(1), 'hex'));
}

/** Formatting commands, section 2.7.6: line breaks and spaces are kept, indentation and wrapping are not. */
function layoutMeaning(body: string): string | undefined {
  const match = /^\.(br|sp|ce|sk|fi|nf|in|ti)[+ ]?(-?\d{0,4})$/.exec(body);
  if (match === null) return undefined;
  const count = Math.min(Math.max(Number(match[2] ?? '') || 1, 1), LAYOUT_MAX);
  switch (match[1]) {
    case 'br':
    case 'ce':
      return '\n';
    case 'sp':
      return '\n'.repeat(count);
    case 'sk':
      return ' '.repeat(count);
    default:
      return '';
  }
}

/** Makes a text safe to stand in a field: delimiters and everything that is not printable ASCII become escape sequences. */
export function escapeText(text: string, delimiters: Delimiters): string {
  let escaped = '';
  for (const character of text) {
    if (character === delimiters.escape) escaped += sequence('E', delimiters);
    else if (character === delimiters.field) escaped += sequence('F', delimiters);
    else if (character === delimiters.component) escaped += sequence('S', delimiters);
    else if (character === delimiters.subcomponent) escaped += sequence('T', delimiters);
    else if (character === delimiters.repetition) escaped += sequence('R', delimiters);
    else escaped += character;
  }
  return escapeUnprintable(escaped, delimiters);
}

/** Leaves delimiters as they are; everything that is not printable ASCII becomes `\Xhh…\` of its UTF-8 bytes. */
export function escapeUnprintable(text: string, delimiters: Delimiters): string {
  if (/^[ -~]*$/.test(text)) return text;
  return text.replace(/[^ -~]+/g, (run) =>
    sequence(`X${Buffer.from(run, 'utf8').toString('hex').toUpperCase()}`, delimiters),
  );
}

function sequence(body: string, delimiters: Delimiters): string {
  return `${delimiters.escape}${body}${delimiters.escape}`;
}
