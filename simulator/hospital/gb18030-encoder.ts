/**
 * Text to GB18030 bytes, by turning the platform's decoder round.
 *
 * The platform decodes GB18030 and does not encode it. All two-byte codes and the four-byte codes of the basic plane are
 * decoded once, on first use, and kept as a table from character to code; the other planes are a formula
 * (GB 18030-2005: U+10000 is 90 30 81 30, counted up).
 */

/** First of the four-byte codes, for the basic plane and for the planes above. */
const BASIC_PLANE_CODES = 39_420;
const ABOVE_BASIC_PLANE_FIRST_CODE = 189_000;
const LINE_FEED = 0x0a;

let tableOfCodes: Uint32Array | undefined;

/** Throws a RangeError for a character that GB18030 has no code for here (a lone surrogate, a few private ones). */
export function encodeGb18030(text: string): Buffer {
  tableOfCodes ??= readTable();
  const bytes: number[] = [];
  for (const character of text) {
    const codePoint = character.codePointAt(0) ?? 0;
    if (codePoint < 0x80) bytes.push(codePoint);
    else if (codePoint >= 0x10000) bytes.push(...fourBytes(ABOVE_BASIC_PLANE_FIRST_CODE + codePoint - 0x10000));
    else pushCode(bytes, tableOfCodes[codePoint] ?? 0);
  }
  return Buffer.from(bytes);
}

function pushCode(bytes: number[], code: number): void {
  if (code === 0) throw new RangeError('a character has no GB18030 code');
  if (code > 0xffff) bytes.push(code >>> 24, (code >>> 16) & 0xff);
  bytes.push((code >>> 8) & 0xff, code & 0xff);
}

function readTable(): Uint32Array {
  const table = new Uint32Array(0x10000);
  // Two-byte codes come last: where a character has both, the short one is the usual one.
  const fourByteCodes = Array.from({ length: BASIC_PLANE_CODES }, (_, code) => fourBytes(code));
  readCodes(table, fourByteCodes);
  readCodes(table, twoByteCodes());
  return table;
}

/** Each code on a line of its own, so that one that decodes to nothing, or to two characters, shifts no other. */
function readCodes(table: Uint32Array, codes: readonly (readonly number[])[]): void {
  const decoder = new TextDecoder('gb18030');
  const lines = decoder.decode(Uint8Array.from(codes.flatMap((code) => [...code, LINE_FEED]))).split('\n');
  for (const [index, code] of codes.entries()) {
    const line = lines[index] ?? '';
    const unit = line.charCodeAt(0);
    if (line.length !== 1 || unit === 0xfffd || (unit >= 0xd800 && unit <= 0xdfff)) continue;
    table[unit] = code.reduce((value, byte) => value * 256 + byte, 0);
  }
}

function twoByteCodes(): readonly (readonly number[])[] {
  const codes: number[][] = [];
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) {
      if (trail !== 0x7f) codes.push([lead, trail]);
    }
  }
  return codes;
}

function fourBytes(code: number): readonly number[] {
  const fourth = 0x30 + (code % 10);
  const third = 0x81 + (Math.floor(code / 10) % 126);
  const second = 0x30 + (Math.floor(code / 1260) % 10);
  return [0x81 + Math.floor(code / 12_600), second, third, fourth];
}
