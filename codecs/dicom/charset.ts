/**
 * Decodes the text of one object by its Specific Character Set, (0008,0005).
 *
 * What is declared is often misspelt, absent or false. A declaration that can be understood is tried first; when it is
 * absent, unknown or the bytes contradict it, all text of the object is read as strict UTF-8, else as GB18030 (which
 * contains GBK and GB2312), and the result is flagged. One answer an object, not a value: two bytes of GBK can be UTF-8
 * by chance, a whole object hardly.
 *
 * Source: PS3.3 section C.12.1.1.2, PS3.5 section 6.1.2 and annexes H to K.
 */
import { convertBytes } from 'dicom-character-set';
import type { DicomCharset } from '../../schemas/records.ts';
import type { TextVr } from './header-tags.ts';

export interface EncodedText {
  readonly bytes: Uint8Array;
  readonly vr: TextVr;
}

export interface DecodedTexts {
  /** In the order of what was given. */
  readonly texts: readonly string[];
  readonly charset: DicomCharset;
}

const ASCII = 'ISO_IR 6';
const UTF_8 = 'ISO_IR 192';
const GB18030 = 'GB18030';
const REPLACEMENT = '\ufffd';

const SINGLE_BYTE = [6, 13, 100, 101, 109, 110, 126, 127, 138, 144, 148, 166];
const MULTI_BYTE = [58, 87, 149, 159];

const TERMS: ReadonlySet<string> = new Set([
  ...SINGLE_BYTE.flatMap((number) => [`ISO_IR ${number}`, `ISO 2022 IR ${number}`]),
  ...MULTI_BYTE.map((number) => `ISO 2022 IR ${number}`),
  UTF_8,
  GB18030,
  'GBK',
]);

/** Spellings without their separators, as met in the field. */
const MISSPELT: ReadonlyMap<string, string> = new Map([
  ...[...TERMS].map((term) => [squeezed(term), term] as const),
  ...[...SINGLE_BYTE, ...MULTI_BYTE].map((number) => [`ISO2022${number}`, `ISO 2022 IR ${number}`] as const),
  ...MULTI_BYTE.map((number) => [`ISOIR${number}`, `ISO 2022 IR ${number}`] as const),
  ['ISO2022GBK', 'GBK'],
  ['ISO2022GB18030', GB18030],
  ['ISO2022GB2312', GB18030],
  ['ISO2022IR192', UTF_8],
  ['ISO2022192', UTF_8],
  ['GB2312', GB18030],
  ['CP936', GB18030],
  ['UTF8', UTF_8],
  ['ISO2022UTF8', UTF_8],
  ['ASCII', ASCII],
  ['USASCII', ASCII],
  ['ISO88591', 'ISO_IR 100'],
  ['LATIN1', 'ISO_IR 100'],
]);

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const strictGb18030 = new TextDecoder('gb18030', { fatal: true });
const looseGb18030 = new TextDecoder('gb18030');

/** Decodes all texts of one object. `declared` is the value of (0008,0005), '' when absent. Never throws. */
export function decodeTexts(declared: string, values: readonly EncodedText[]): DecodedTexts {
  const declaration = readDeclaration(declared);
  const { terms, misspelt } = declaration;
  const only = terms?.length === 1 ? terms[0] : undefined;
  const plain = values.every(({ bytes }) => isAscii(bytes));
  // ISO 646 JP differs from ASCII in two characters, so that even its seven-bit bytes need the library.
  if (plain && !(terms ?? []).some((term) => term.endsWith(' 13'))) {
    const texts = values.map(({ bytes }) => latin1(bytes));
    return decoded(texts, declaration, terms === undefined ? ASCII : terms.join('\\'), misspelt);
  }
  if (terms !== undefined && only !== ASCII) {
    const texts = decodeDeclared(terms, only, values);
    if (texts !== undefined) return decoded(texts, declaration, terms.join('\\'), misspelt);
  }
  return decodeGuessed(declaration, values);
}

interface Declaration {
  readonly values: readonly string[];
  /** Defined terms of the standard; undefined where nothing was declared or a term is unknown. */
  readonly terms: readonly string[] | undefined;
  /** A term was unknown, or was understood though the standard spells it otherwise. */
  readonly misspelt: boolean;
}

function readDeclaration(declared: string): Declaration {
  if (declared === '') return { values: [], terms: undefined, misspelt: false };
  const values = declared.split('\\').map((value) => value.trim());
  const terms: string[] = [];
  let misspelt = false;
  for (const [index, value] of values.entries()) {
    // An empty first value is the default repertoire (PS3.3 section C.12.1.1.2).
    const term = value === '' && index === 0 && values.length > 1 ? 'ISO 2022 IR 6' : termOf(value);
    if (term === undefined) return { values, terms: undefined, misspelt: true };
    if (term !== value && value !== '') misspelt = true;
    terms.push(term);
  }
  return { values, terms, misspelt };
}

function termOf(value: string): string | undefined {
  return TERMS.has(value) ? value : MISSPELT.get(squeezed(value));
}

function squeezed(term: string): string {
  return term.toUpperCase().replace(/[^A-Z0-9]/g, '');
}

function decodeDeclared(
  terms: readonly string[],
  only: string | undefined,
  values: readonly EncodedText[],
): readonly string[] | undefined {
  const texts: string[] = [];
  for (const { bytes, vr } of values) {
    const text = only === undefined ? withExtensions(terms, bytes, vr) : alone(only, bytes, vr);
    if (text === undefined) return undefined;
    texts.push(text);
  }
  return texts;
}

function alone(term: string, bytes: Uint8Array, vr: TextVr): string | undefined {
  switch (term) {
    case UTF_8:
      return strictly(strictUtf8, bytes);
    case GB18030:
    case 'GBK':
      return strictly(strictGb18030, bytes);
    default:
      return byLibrary(term, bytes, vr);
  }
}

function withExtensions(terms: readonly string[], bytes: Uint8Array, vr: TextVr): string | undefined {
  const first = terms[0];
  // UTF-8, GB18030 and GBK stand alone (PS3.3 section C.12.1.1.2); further values are ignored.
  if (first === UTF_8 || first === GB18030 || first === 'GBK') return alone(first, bytes, vr);
  return byLibrary(terms.join('\\'), bytes, vr);
}

function byLibrary(terms: string, bytes: Uint8Array, vr: TextVr): string | undefined {
  // IR 58 without its escape sequences is bare GB2312 in the field; the library would read it as Latin.
  const needsEscape =
    terms.startsWith('ISO 2022 IR 6\\') || terms.startsWith('ISO_IR 6\\') || terms === 'ISO 2022 IR 58';
  if (needsEscape && !bytes.includes(0x1b) && !isAscii(bytes)) return undefined;
  try {
    const text = convertBytes(terms, bytes, { vr });
    return text.includes(REPLACEMENT) ? undefined : text;
  } catch {
    // The library throws on an escape sequence that was not declared; the guess below is the answer then.
    return undefined;
  }
}

function decodeGuessed(declaration: Declaration, encoded: readonly EncodedText[]): DecodedTexts {
  const values = encoded.map(({ bytes }) => ({ bytes: withoutIr58Escapes(bytes) }));
  for (const [decoder, used] of [
    [strictUtf8, UTF_8],
    [strictGb18030, GB18030],
  ] as const) {
    const texts = values.map(({ bytes }) => strictly(decoder, bytes));
    if (texts.every((text) => text !== undefined)) return decoded(texts, declaration, used, true);
  }
  const texts = values.map(({ bytes }) => looseGb18030.decode(bytes));
  return decoded(texts, declaration, GB18030, true);
}

/** What IR 58 designates into G1 are the same bytes in GB18030; some senders escape names and nothing else. */
function withoutIr58Escapes(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(0x1b)) return bytes;
  return Buffer.from(latin1(bytes).replace(/\x1b(\$\)A|\(B)/g, ''), 'latin1');
}

function strictly(decoder: Pick<typeof strictUtf8, 'decode'>, bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

function decoded(texts: readonly string[], declaration: Declaration, used: string, flagged: boolean): DecodedTexts {
  return { texts, charset: { declared: declaration.values, used, flagged } };
}

/** Neither a byte above 7F nor an escape. */
export function isAscii(bytes: Uint8Array): boolean {
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0;
    if (byte >= 0x80 || byte === 0x1b) return false;
  }
  return true;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
