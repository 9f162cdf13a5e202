// Decodes bytes by a label, and says whether they can be what the label means.
import { isAscii, isUtf8, transcode } from 'node:buffer';
import { TextDecoder } from 'node:util';
import type { CharsetLabel } from './charset-names.ts';

/**
 * The text of bytes that are well-formed in this character set; undefined for others. Single-byte sets always are.
 *
 * A text in UTF-8 is often well-formed in a double-byte set too, by chance; `readsAsUtf8` tells.
 */
export function wellFormedText(bytes: Uint8Array, label: CharsetLabel): string | undefined {
  switch (label) {
    case 'us-ascii':
      return isAscii(bytes) ? decodeText(bytes, label) : undefined;
    case 'utf-8':
      return isUtf8(bytes) ? decodeText(bytes, label) : undefined;
    case 'gb18030':
    case 'big5':
    case 'euc-kr':
      try {
        return strictDecoder(label).decode(bytes);
      } catch {
        // The only error of a fatal decoder says that the bytes are malformed, which is the answer.
        return undefined;
      }
    default:
      return decodeText(bytes, label);
  }
}

/** Malformed sequences become U+FFFD. Byte order marks are the caller's. */
export function decodeText(bytes: Uint8Array, label: CharsetLabel): string {
  switch (label) {
    case 'us-ascii':
    case 'utf-8':
      return decodeUtf8(asBuffer(bytes));
    case 'iso-8859-1':
      return asBuffer(bytes).toString('latin1');
    case 'utf-16le':
    case 'utf-16be':
    case 'gb18030':
    case 'big5':
    case 'euc-kr':
      return lenientDecoder(label).decode(bytes);
    default:
      return decodeSingleByte(bytes, label);
  }
}

/** Through UTF-16, which is quicker by a third than Node's own reading of UTF-8 where a text is not ASCII. */
function decodeUtf8(bytes: Buffer): string {
  if (isAscii(bytes)) return bytes.toString('latin1');
  if (!isUtf8(bytes)) return bytes.toString('utf8');
  return transcode(bytes, 'utf8', 'utf16le').toString('utf16le');
}

/**
 * Whether bytes that are also well-formed UTF-8 are more likely that than double-byte text. Two hanzi of GBK can look
 * like two-byte characters of UTF-8 (Greek, Cyrillic, Arabic); that several look like three-byte ones, where UTF-8 has
 * its hanzi, does not happen by chance.
 */
export function readsAsUtf8(bytes: Uint8Array): boolean {
  const counted = countUtf8(bytes);
  return counted.malformed === 0 && counted.long > 0 && counted.long >= counted.short;
}

/** UTF-8 in which a few characters were cut apart, as senders do that limit a field by bytes. */
export function readsAsDamagedUtf8(bytes: Uint8Array): boolean {
  const counted = countUtf8(bytes);
  return counted.long >= 4 && counted.long >= 8 * counted.malformed;
}

function countUtf8(bytes: Uint8Array): { short: number; long: number; malformed: number } {
  let short = 0;
  let long = 0;
  let malformed = 0;
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] ?? 0;
    const length =
      byte < 0x80
        ? 1
        : byte >= 0xc2 && byte < 0xe0
          ? 2
          : byte >= 0xe0 && byte < 0xf0
            ? 3
            : byte >= 0xf0 && byte < 0xf5
              ? 4
              : 0;
    let followed = 1;
    while (followed < length && ((bytes[at + followed] ?? 0) & 0xc0) === 0x80) followed += 1;
    if (length === 0 || followed < length) malformed += 1;
    else if (length === 2) short += 1;
    else if (length > 2) long += 1;
    at += followed;
  }
  return { short, long, malformed };
}

const strictDecoders = new Map<string, TextDecoder>();
const lenientDecoders = new Map<string, TextDecoder>();

function strictDecoder(label: string): TextDecoder {
  const known = strictDecoders.get(label);
  if (known !== undefined) return known;
  const decoder = new TextDecoder(label, { fatal: true, ignoreBOM: true });
  strictDecoders.set(label, decoder);
  return decoder;
}

function lenientDecoder(label: string): TextDecoder {
  const known = lenientDecoders.get(label);
  if (known !== undefined) return known;
  const decoder = new TextDecoder(label, { ignoreBOM: true });
  lenientDecoders.set(label, decoder);
  return decoder;
}

const singleByteTables = new Map<string, Uint16Array>();

/**
 * ISO 8859 parts by a table: `TextDecoder` takes parts 1, 9 and 11 for their Windows supersets, which put letters where
 * ISO has control characters (WHATWG Encoding, section 4.2). Above 0xA0 they agree.
 */
function decodeSingleByte(bytes: Uint8Array, label: string): string {
  let table = singleByteTables.get(label);
  if (table === undefined) {
    table = new Uint16Array(256).map((_, byte) => byte);
    const upper = lenientDecoder(label).decode(Uint8Array.from({ length: 96 }, (_, offset) => 0xa0 + offset));
    for (let offset = 0; offset < 96; offset += 1) table[0xa0 + offset] = upper.charCodeAt(offset);
    singleByteTables.set(label, table);
  }
  const units = Buffer.allocUnsafe(bytes.length * 2);
  for (let at = 0; at < bytes.length; at += 1) units.writeUInt16LE(table[bytes[at] ?? 0] ?? 0xfffd, at * 2);
  return units.toString('utf16le');
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
