// Writes a data set: elements as bytes in explicit or implicit little endian, or as the DICOM JSON model.
import { encodeGb18030 } from './gb18030-encoder.ts';
import type { Charset } from './study-plan.ts';

export const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
export const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2';

/** `tag` is eight hexadecimal digits. Elements stand in ascending order of their tags. */
export type DicomElement =
  | { readonly tag: string; readonly vr: TextVr; readonly text: string }
  | { readonly tag: string; readonly vr: 'US'; readonly number: number }
  | { readonly tag: string; readonly vr: 'OB' | 'OW'; readonly bytes: Uint8Array }
  | { readonly tag: string; readonly vr: 'SQ'; readonly items: readonly (readonly DicomElement[])[] };

type TextVr = 'CS' | 'DA' | 'IS' | 'LO' | 'PN' | 'SH' | 'TM' | 'UI' | 'UT' | 'ST';

/** PS3.5 table 7.1-1: these have a length of four bytes in explicit encoding. */
const LONG_LENGTH = new Set<string>(['OB', 'OW', 'SQ', 'UT']);

export function writeDataSet(elements: readonly DicomElement[], charset: Charset, transferSyntaxUid: string): Buffer {
  const explicit = transferSyntaxUid !== IMPLICIT_LITTLE_ENDIAN;
  return Buffer.concat(elements.map((element) => writeElement(element, charset, explicit)));
}

function writeElement(element: DicomElement, charset: Charset, explicit: boolean): Buffer {
  const value = writeValue(element, charset, explicit);
  const tag = Buffer.alloc(4);
  tag.writeUInt16LE(Number.parseInt(element.tag.slice(0, 4), 16), 0);
  tag.writeUInt16LE(Number.parseInt(element.tag.slice(4), 16), 2);
  return Buffer.concat([tag, writeLength(element.vr, value.length, explicit), value]);
}

function writeLength(vr: string, length: number, explicit: boolean): Buffer {
  if (!explicit) {
    const field = Buffer.alloc(4);
    field.writeUInt32LE(length);
    return field;
  }
  const long = LONG_LENGTH.has(vr);
  const field = Buffer.alloc(long ? 8 : 4);
  field.write(vr, 0, 'latin1');
  if (long) field.writeUInt32LE(length, 4);
  else field.writeUInt16LE(length, 2);
  return field;
}

function writeValue(element: DicomElement, charset: Charset, explicit: boolean): Buffer {
  switch (element.vr) {
    case 'US': {
      const value = Buffer.alloc(2);
      value.writeUInt16LE(element.number);
      return value;
    }
    case 'OB':
    case 'OW':
      return padded(Buffer.from(element.bytes), 0);
    case 'SQ':
      return Buffer.concat(element.items.map((item) => writeItem(item, charset, explicit)));
    case 'UI':
      return padded(Buffer.from(element.text, 'latin1'), 0);
    default:
      return padded(charset === 'gb18030' ? encodeGb18030(element.text) : Buffer.from(element.text, 'utf8'), 0x20);
  }
}

function writeItem(elements: readonly DicomElement[], charset: Charset, explicit: boolean): Buffer {
  const value = Buffer.concat(elements.map((element) => writeElement(element, charset, explicit)));
  const header = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
  header.writeUInt32LE(value.length, 4);
  return Buffer.concat([header, value]);
}

/** Values have an even length (PS3.5 section 6.2). */
function padded(bytes: Buffer, padding: number): Buffer {
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.of(padding)]);
}

/** The DICOM JSON model (PS3.18 annex F) without bulk data. */
export function dicomJson(elements: readonly DicomElement[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(elements.flatMap((element) => jsonAttribute(element)));
}

function jsonAttribute(element: DicomElement): readonly [string, unknown][] {
  switch (element.vr) {
    case 'OB':
    case 'OW':
      return [];
    case 'SQ':
      return [[element.tag, { vr: 'SQ', Value: element.items.map((item) => dicomJson(item)) }]];
    case 'US':
      return [[element.tag, { vr: 'US', Value: [element.number] }]];
    case 'IS':
      return [[element.tag, { vr: 'IS', Value: [Number(element.text)] }]];
    case 'PN':
      return [[element.tag, { vr: 'PN', Value: [personName(element.text)] }]];
    default:
      return [[element.tag, { vr: element.vr, Value: [element.text] }]];
  }
}

function personName(text: string): Readonly<Record<string, string>> {
  const [alphabetic = '', ideographic] = text.split('=');
  return ideographic === undefined ? { Alphabetic: alphabetic } : { Alphabetic: alphabetic, Ideographic: ideographic };
}
