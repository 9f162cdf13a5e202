// Builds data sets element by element, for tests.

export interface BuildEncoding {
  readonly explicitVr: boolean;
  readonly bigEndian: boolean;
}

export const EXPLICIT: BuildEncoding = { explicitVr: true, bigEndian: false };
export const IMPLICIT: BuildEncoding = { explicitVr: false, bigEndian: false };
export const BIG: BuildEncoding = { explicitVr: true, bigEndian: true };

export const UNDEFINED_LENGTH = 0xffffffff;
const LONG_VRS = new Set(['OB', 'OW', 'OF', 'SQ', 'UN', 'UT', 'UC', 'UR', 'OD', 'OL', 'OV', 'SV', 'UV']);

/** An element with any claimed length. Text is written as Latin-1 and padded to an even length. */
export function element(
  encoding: BuildEncoding,
  tag: number,
  vr: string,
  value: string | Uint8Array,
  claimedLength?: number,
): Buffer {
  const bytes = typeof value === 'string' ? padded(value, vr) : Buffer.from(value);
  return Buffer.concat([header(encoding, tag, vr, claimedLength ?? bytes.length), bytes]);
}

export function header({ explicitVr, bigEndian }: BuildEncoding, tag: number, vr: string, length: number): Buffer {
  const isItem = tag >>> 16 === 0xfffe;
  const long = explicitVr && !isItem && LONG_VRS.has(vr);
  const bytes = Buffer.alloc(long ? 12 : 8);
  write16(bytes, tag >>> 16, 0, bigEndian);
  write16(bytes, tag & 0xffff, 2, bigEndian);
  if (explicitVr && !isItem) bytes.write(vr, 4, 'latin1');
  if (long) write32(bytes, length, 8, bigEndian);
  else if (explicitVr && !isItem) write16(bytes, length, 6, bigEndian);
  else write32(bytes, length, 4, bigEndian);
  return bytes;
}

/** A sequence of undefined length whose items are of undefined length too. */
export function openSequence(encoding: BuildEncoding, tag: number, vr: string, items: readonly Buffer[]): Buffer {
  const inside = vr === 'UN' ? IMPLICIT : encoding;
  const parts = items.flatMap((item) => [
    header(inside, 0xfffee000, '', UNDEFINED_LENGTH),
    item,
    header(inside, 0xfffee00d, '', 0),
  ]);
  return Buffer.concat([
    header(encoding, tag, vr, UNDEFINED_LENGTH),
    ...parts,
    header(vr === 'UN' ? IMPLICIT : encoding, 0xfffee0dd, '', 0),
  ]);
}

export interface ObjectContent {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly patientName?: string;
  readonly pixelBytes?: number;
}

export const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2';

export const SAMPLE: ObjectContent = {
  sopClassUid: CT_IMAGE_STORAGE,
  sopInstanceUid: '1.2.3.4.5.6.7',
  studyInstanceUid: '1.2.3.4',
  seriesInstanceUid: '1.2.3.4.5',
  patientName: 'ZHANG^SAN',
};

/** A small image with a sequence of undefined length, a private sequence given as UN, and pixel data. */
export function sampleObject(encoding: BuildEncoding, content: ObjectContent = SAMPLE): Buffer {
  return Buffer.concat(sampleElements(encoding, content));
}

/** Its top-level elements. */
export function sampleElements(encoding: BuildEncoding, content: ObjectContent = SAMPLE): readonly Buffer[] {
  const nested = element(encoding, 0x00081155, 'UI', '9.9.9');
  const nestedImplicit = element(IMPLICIT, 0x00081155, 'UI', '9.9.8');
  return [
    element(encoding, 0x00080016, 'UI', content.sopClassUid),
    element(encoding, 0x00080018, 'UI', content.sopInstanceUid),
    element(encoding, 0x00080050, 'SH', 'ACC-1'),
    element(encoding, 0x00080060, 'CS', 'CT'),
    openSequence(encoding, 0x00081140, 'SQ', [nested, Buffer.alloc(0)]),
    element(encoding, 0x00090010, 'LO', 'PRIVATE'),
    openSequence(encoding, 0x00091001, encoding.explicitVr ? 'UN' : 'SQ', [
      encoding.explicitVr ? nestedImplicit : nested,
    ]),
    element(encoding, 0x00091002, 'OB', Buffer.alloc(100, 0xee)),
    element(encoding, 0x00100010, 'PN', content.patientName ?? ''),
    element(encoding, 0x00100020, 'LO', 'P-1'),
    element(encoding, 0x0020000d, 'UI', content.studyInstanceUid),
    element(encoding, 0x0020000e, 'UI', content.seriesInstanceUid),
    element(encoding, 0x00200013, 'IS', '7'),
    element(encoding, 0x00280010, 'US', Buffer.alloc(2)),
    element(encoding, 0x7fe00010, 'OW', Buffer.alloc(content.pixelBytes ?? 64, 0xdd)),
  ];
}

function padded(text: string, vr: string): Buffer {
  const even = text.length % 2 === 0 ? text : `${text}${vr === 'UI' ? '\0' : ' '}`;
  return Buffer.from(even, 'latin1');
}

function write16(bytes: Buffer, value: number, at: number, bigEndian: boolean): void {
  if (bigEndian) bytes.writeUInt16BE(value, at);
  else bytes.writeUInt16LE(value, at);
}

function write32(bytes: Buffer, value: number, at: number, bigEndian: boolean): void {
  if (bigEndian) bytes.writeUInt32BE(value, at);
  else bytes.writeUInt32LE(value, at);
}
