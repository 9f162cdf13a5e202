// Decides what a message's bytes are decoded with, and decodes them whole.
//
// Whole, because a trail byte of GB18030 can equal a delimiter of HL7: only decoded text may be split. The order of
// trust: byte order mark, MSH-18, MSH-17 when it holds a name (two of four Chinese families put it one field early), the
// sender's configured default, strict UTF-8, GB18030. A declaration that the bytes contradict is recorded and passed over.
import { isAscii, isUtf8 } from 'node:buffer';
import type { Hl7Charset } from '../../schemas/records.ts';
import { type CharsetLabel, charsetLabel } from './charset-names.ts';
import { decodeText, readsAsDamagedUtf8, readsAsUtf8, wellFormedText } from './text-decoders.ts';

export interface DecodedMessage {
  /** Without the byte order mark. */
  readonly text: string;
  readonly charset: Hl7Charset;
  readonly label: CharsetLabel;
}

interface Declaration {
  readonly where: 'MSH-18' | 'MSH-17' | 'configured';
  readonly value: string;
  /** undefined: the value names nothing known here. */
  readonly label: CharsetLabel | undefined;
}

/** MSH-18 stands within it in any message that is not abuse. */
const HEADER_BYTES_MAX = 8192;
const DECLARED_LENGTH_MAX = 64;
/** Field 18 may repeat: the first is the default, others may be switched to (section 2.15.9.18). */
const DECLARED_MAX = 8;

export function decodeMessage(bytes: Uint8Array, defaultCharset?: string): DecodedMessage {
  const mark = byteOrderMark(bytes);
  const body = mark === undefined ? bytes : bytes.subarray(mark.bytes);
  if (mark !== undefined && mark.label !== 'utf-8') {
    const charset = { declared: [], used: mark.label, contradicted: false, byteOrderMark: true };
    return { text: decodeText(body, mark.label), charset, label: mark.label };
  }
  const ascii = isAscii(body);
  const declarations = headerDeclarations(body, ascii);
  if (defaultCharset !== undefined && declarations.every(({ label }) => label === undefined)) {
    declarations.push({ where: 'configured', value: defaultCharset, label: charsetLabel(defaultCharset) });
  }
  const { text, label, contradicted } = choose(body, ascii, mark !== undefined, declarations);
  const declared = declarations.map(({ where, value }) => ({ where, value }));
  return { text, charset: { declared, used: label, contradicted, byteOrderMark: mark !== undefined }, label };
}

function byteOrderMark(bytes: Uint8Array): { readonly label: CharsetLabel; readonly bytes: number } | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return { label: 'utf-8', bytes: 3 };
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { label: 'utf-16le', bytes: 2 };
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { label: 'utf-16be', bytes: 2 };
  return undefined;
}

interface Choice {
  /** The bytes decoded: to see whether they are what was declared is to decode them. */
  readonly text: string;
  readonly label: CharsetLabel;
  readonly contradicted: boolean;
}

function choose(body: Uint8Array, ascii: boolean, marked: boolean, declarations: readonly Declaration[]): Choice {
  const trusted = declarations.find(({ label }) => label !== undefined)?.where;
  if (marked && isUtf8(body)) {
    const confirmed = declarations.some(({ where, label }) => where === trusted && label === 'utf-8');
    return {
      text: decodeText(body, 'utf-8'),
      label: 'utf-8',
      contradicted: trusted !== undefined && !confirmed,
    };
  }
  for (const { where, label } of declarations) {
    if (label === undefined) continue;
    const text = ascii ? decodeText(body, 'us-ascii') : declaredText(body, label);
    if (text !== undefined) return { text, label, contradicted: where !== trusted };
  }
  const label = isUtf8(body) || readsAsDamagedUtf8(body) ? 'utf-8' : 'gb18030';
  return { text: decodeText(body, label), label, contradicted: trusted !== undefined };
}

/** Bytes that are not all ASCII as the text they are declared to be; undefined when they cannot be. */
function declaredText(body: Uint8Array, label: CharsetLabel): string | undefined {
  if (label !== 'utf-8' && isUtf8(body) && readsAsUtf8(body)) return undefined;
  return wellFormedText(body, label);
}

/** What MSH-18 and MSH-17 say. A name in a double-byte set may stand before them in MSH-3 to MSH-6, so bytes may not be split here either. */
function headerDeclarations(body: Uint8Array, ascii: boolean): Declaration[] {
  const header = headerBytes(body);
  if (ascii || isAscii(header)) return declarationsIn(decodeText(header, 'iso-8859-1'));
  const found = declarationsIn(decodeText(header, isUtf8(header) ? 'utf-8' : 'gb18030'));
  return found.some(({ label }) => label !== undefined) ? found : declarationsIn(decodeText(header, 'iso-8859-1'));
}

function headerBytes(body: Uint8Array): Uint8Array {
  const start = body.subarray(0, HEADER_BYTES_MAX);
  for (let at = 0; at < start.length; at += 1) {
    const byte = start[at];
    if ((byte === 0x0d || byte === 0x0a) && at > 3) return start.subarray(0, at);
  }
  return start;
}

function declarationsIn(header: string): Declaration[] {
  const begin = header.indexOf('MSH');
  const separator = header.charAt(begin + 3);
  const found: Declaration[] = [];
  if (begin === -1 || separator === '') return found;
  let at = begin + 3;
  for (let field = 2; field < 17; field += 1) {
    at = header.indexOf(separator, at + 1);
    if (at === -1) return found;
  }
  const end17 = header.indexOf(separator, at + 1);
  if (end17 !== -1) {
    const end18 = header.indexOf(separator, end17 + 1);
    addDeclarations(
      'MSH-18',
      header.slice(end17 + 1, end18 === -1 ? undefined : end18),
      header.charAt(begin + 5),
      found,
    );
  }
  addDeclarations('MSH-17', header.slice(at + 1, end17 === -1 ? undefined : end17), header.charAt(begin + 5), found);
  return found;
}

function addDeclarations(where: 'MSH-17' | 'MSH-18', field: string, repetition: string, found: Declaration[]): void {
  if (field === '' || field === '""') return;
  for (const part of repetition === '' ? [field] : field.split(repetition, DECLARED_MAX)) {
    const value = part.trim().slice(0, DECLARED_LENGTH_MAX);
    const label = charsetLabel(value);
    // MSH-17 is the country code; it declares only where it holds the name of a character set.
    if (value !== '' && (where === 'MSH-18' || label !== undefined)) found.push({ where, value, label });
  }
}
