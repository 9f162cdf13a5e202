// Reads an HL7 v2 message: character set first, then the whole text, then its segments; fields only when asked.
import { failed, type Result, succeeded } from '../../schemas/failure.ts';
import type { Hl7Charset } from '../../schemas/records.ts';
import { decodeMessage } from './charset.ts';
import { type Delimiters, delimiterCodes, readDelimiters } from './delimiters.ts';
import type { Hl7MessageView, Hl7Segment } from './message-view.ts';
import { LazySegment, type MessageText } from './segment.ts';
import { decodeText } from './text-decoders.ts';

/** Above it a message is abuse: the longest results have some thousands. */
const SEGMENTS_MAX = 150_000;

export interface Hl7Message extends Hl7MessageView {
  readonly delimiters: Delimiters;
}

/**
 * Never throws. `defaultCharset` is a name as senders write it, trusted where the message declares nothing.
 *
 * Segments end with CR, LF or CRLF; escapes are resolved after splitting, so that `\X0D\` never ends one. A line that
 * begins with no segment name belongs to the field before it, as base64 broken over lines does; after MSH, whose fields
 * never break, it is left out.
 *
 * Fails with `hl7.missing_header`, `hl7.unreadable_header` or `hl7.too_many_segments`.
 */
export function readHl7Message(bytes: Uint8Array, options: { readonly defaultCharset?: string }): Result<Hl7Message> {
  const { text: whole, charset, label } = decodeMessage(bytes, options.defaultCharset);
  const text = whole.trimStart();
  if (!text.startsWith('MSH')) return failed('hl7.missing_header', 'the message does not begin with MSH');
  const delimiters = readDelimiters(text);
  if (!delimiters.ok) return delimiters;
  const message: MessageText = {
    text,
    delimiters: delimiters.value,
    codes: delimiterCodes(delimiters.value),
    escapes: escapesIn(text, delimiters.value),
    decode: (hex) => decodeText(hex, label),
  };
  const segments = cutSegments(message);
  if (segments === undefined)
    return failed('hl7.too_many_segments', `the message has more than ${SEGMENTS_MAX} segments`);
  return succeeded(messageView(segments, charset, delimiters.value));
}

/** From the first escape character after MSH-2, which declares it, to the last. */
function escapesIn(text: string, { field, escape: mark }: Delimiters): { readonly from: number; readonly to: number } {
  const from = mark === '' ? -1 : text.indexOf(mark, Math.max(text.indexOf(field, 4), 4));
  return from === -1 ? { from: text.length, to: text.length } : { from, to: text.lastIndexOf(mark) + 1 };
}

function messageView(segments: readonly Hl7Segment[], charset: Hl7Charset, delimiters: Delimiters): Hl7Message {
  return {
    segments,
    charset,
    delimiters,
    all: (name) => segments.filter((segment) => segment.name === name),
    first: (name) => segments.find((segment) => segment.name === name),
  };
}

/** undefined: there are too many. */
function cutSegments(message: MessageText): Hl7Segment[] | undefined {
  const { text, delimiters } = message;
  const segments: Hl7Segment[] = [];
  let name = '';
  let start = 0;
  let end = 0;
  let broken = false;
  let at = 0;
  let carriageReturn = text.indexOf('\r');
  let lineFeed = text.indexOf('\n');
  while (at < text.length) {
    if (carriageReturn !== -1 && carriageReturn < at) carriageReturn = text.indexOf('\r', at);
    if (lineFeed !== -1 && lineFeed < at) lineFeed = text.indexOf('\n', at);
    const lineEnd = nearest(carriageReturn, lineFeed, text.length);
    const begun = segmentName(text, at, lineEnd, delimiters.field, name);
    if (begun !== '') {
      if (segments.length + 1 >= SEGMENTS_MAX) return undefined;
      if (name !== '') segments.push(new LazySegment(message, name, start, end, broken));
      name = begun;
      start = at;
      end = lineEnd;
      broken = false;
    } else if (lineEnd > at && name !== 'MSH') {
      end = lineEnd;
      broken = true;
    }
    at = lineEnd + 1;
  }
  if (name !== '') segments.push(new LazySegment(message, name, start, end, broken));
  return segments;
}

function nearest(left: number, right: number, otherwise: number): number {
  if (left === -1) return right === -1 ? otherwise : right;
  return right === -1 || left < right ? left : right;
}

/**
 * Found without cutting them out of the text, and one string each: to compare two of them, no characters are compared.
 */
const USUAL_NAMES: ReadonlyMap<number, string> = new Map(
  ['MSH', 'PID', 'PV1', 'ORC', 'OBR', 'OBX', 'NTE', 'DG1', 'AL1', 'IN1', 'TQ1', 'IPC', 'ZDS', 'PV2', 'EVN', 'NK1'].map(
    (name) => [packedName(name, 0), name],
  ),
);

/** Three characters of ASCII as one number, -1 of others. */
function packedName(text: string, from: number): number {
  const one = text.charCodeAt(from);
  const two = text.charCodeAt(from + 1);
  const three = text.charCodeAt(from + 2);
  return (one | two | three) < 128 ? (one << 14) | (two << 7) | three : -1;
}

/** Names longer than the standard's three are kept apart, so that such a line does not shift the fields of another. */
const NAME_LENGTH_MAX = 16;

/**
 * The name a line begins with, '' when it begins no segment. A bare name without a field is a segment, unless it follows
 * OBX or NTE, whose free text is what gets broken over lines.
 */
function segmentName(text: string, from: number, to: number, field: string, previous: string): string {
  if (text[from + 3] === field) {
    const usual = USUAL_NAMES.get(packedName(text, from));
    if (usual !== undefined) return usual;
  }
  const limit = Math.min(to, from + NAME_LENGTH_MAX);
  let at = from;
  while (at < limit && isNameCharacter(text.charCodeAt(at))) at += 1;
  if (at === from) return '';
  if (at < to) return text[at] === field ? text.slice(from, at) : '';
  const bare = at - from === 3 && previous !== 'OBX' && previous !== 'NTE';
  return bare && /^[A-Z][A-Z0-9]{2}$/.test(text.slice(from, at)) ? text.slice(from, at) : '';
}

function isNameCharacter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || (code >= 97 && code <= 122) || code === 95;
}
