/**
 * The PDUs that open and close an association: read A-ASSOCIATE-RQ, write the answers.
 *
 * Lengths of items and sub-items come from outside: each is checked against what is left before it is used.
 *
 * Source: PS3.8 section 9.3 and annex D.
 */

export const PDU = {
  associateRequest: 1,
  associateAccept: 2,
  associateReject: 3,
  data: 4,
  releaseRequest: 5,
  releaseResponse: 6,
  abort: 7,
} as const;

export interface ProposedContext {
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntaxes: readonly string[];
}

export interface AssociateRequest {
  readonly protocolVersion: number;
  readonly calledAeTitle: string;
  readonly callingAeTitle: string;
  /** The titles and what is reserved after them, to be sent back unchanged. */
  readonly titleBytes: Uint8Array;
  readonly applicationContext: string;
  readonly contexts: readonly ProposedContext[];
  /** Of the P-DATA-TF the sender takes; 0: no limit. */
  readonly dataBytesMax: number;
}

export interface ContextResult {
  readonly id: number;
  /** 0 acceptance, 3 abstract syntax not supported, 4 transfer syntaxes not supported (PS3.8 section 9.3.3.2). */
  readonly result: 0 | 3 | 4;
  readonly transferSyntax: string;
}

/** PS3.8 section 9.3.4. */
export interface Rejection {
  readonly result: 1 | 2;
  readonly source: 1 | 2 | 3;
  readonly reason: number;
}

export const APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1';
/** Derived from a UUID (PS3.5 annex B.2). */
const IMPLEMENTATION_CLASS_UID = '2.25.286371509240519811652270483019546617463';
const IMPLEMENTATION_VERSION = 'STUDYBRIDGE';

const FIXED_BYTES = 68;
const TITLES_START = 4;
const TITLE_BYTES = 16;
/** Odd ids from 1 to 255 (PS3.8 section 9.3.2.2). */
const CONTEXTS_MAX = 128;
const SYNTAXES_MAX = 256;
const UID = /^[0-9.]{1,64}$/;

/** The body of an A-ASSOCIATE-RQ; undefined when it is malformed. */
export function readAssociateRequest(body: Uint8Array): AssociateRequest | undefined {
  if (body.length < FIXED_BYTES) return undefined;
  const items = readItems(body, FIXED_BYTES, body.length);
  if (items === undefined) return undefined;
  const contexts: ProposedContext[] = [];
  let applicationContext = '';
  let dataBytesMax = 0;
  for (const item of items) {
    if (item.type === 0x10) applicationContext = uidText(body, item);
    if (item.type === 0x20) {
      const context = readContext(body, item);
      if (context === undefined || contexts.length === CONTEXTS_MAX) return undefined;
      if (contexts.some(({ id }) => id === context.id)) return undefined;
      contexts.push(context);
    }
    if (item.type === 0x50) {
      const announced = readDataBytesMax(body, item);
      if (announced === undefined) return undefined;
      dataBytesMax = announced;
    }
  }
  return {
    protocolVersion: uint16(body, 0),
    calledAeTitle: title(body, TITLES_START),
    callingAeTitle: title(body, TITLES_START + TITLE_BYTES),
    titleBytes: body.slice(TITLES_START, FIXED_BYTES),
    applicationContext,
    contexts,
    dataBytesMax,
  };
}

export function writeAssociateAccept(
  titleBytes: Uint8Array,
  results: readonly ContextResult[],
  dataBytesMax: number,
): Buffer {
  const userItems = Buffer.concat([
    item(0x51, uint32Bytes(dataBytesMax)),
    item(0x52, Buffer.from(IMPLEMENTATION_CLASS_UID, 'latin1')),
    item(0x55, Buffer.from(IMPLEMENTATION_VERSION, 'latin1')),
  ]);
  const contexts = results.map(({ id, result, transferSyntax }) =>
    item(0x21, Buffer.concat([Buffer.from([id, 0, result, 0]), item(0x40, Buffer.from(transferSyntax, 'latin1'))])),
  );
  const version = Buffer.from([0, 1, 0, 0]);
  return pdu(PDU.associateAccept, [
    version,
    Buffer.from(titleBytes),
    item(0x10, Buffer.from(APPLICATION_CONTEXT, 'latin1')),
    ...contexts,
    item(0x50, userItems),
  ]);
}

export function writeAssociateReject({ result, source, reason }: Rejection): Buffer {
  return pdu(PDU.associateReject, [Buffer.from([0, result, source, reason])]);
}

export function writeReleaseResponse(): Buffer {
  return pdu(PDU.releaseResponse, [Buffer.alloc(4)]);
}

/** `source` 0: service user, 2: service provider; reasons in PS3.8 section 9.3.8. */
export function writeAbort(source: 0 | 2, reason: number): Buffer {
  return pdu(PDU.abort, [Buffer.from([0, 0, source, reason])]);
}

interface Item {
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

function readItems(bytes: Uint8Array, start: number, end: number): readonly Item[] | undefined {
  const items: Item[] = [];
  let at = start;
  while (at < end) {
    if (end - at < 4) return undefined;
    const itemEnd = at + 4 + uint16(bytes, at + 2);
    if (itemEnd > end) return undefined;
    items.push({ type: bytes[at] ?? 0, start: at + 4, end: itemEnd });
    at = itemEnd;
  }
  return items;
}

function readContext(bytes: Uint8Array, { start, end }: Item): ProposedContext | undefined {
  if (end - start < 4) return undefined;
  const id = bytes[start] ?? 0;
  if (id % 2 === 0) return undefined;
  const items = readItems(bytes, start + 4, end);
  if (items === undefined || items.length > SYNTAXES_MAX) return undefined;
  const abstractSyntaxes = items.filter(({ type }) => type === 0x30).map((each) => uidText(bytes, each));
  const transferSyntaxes = items.filter(({ type }) => type === 0x40).map((each) => uidText(bytes, each));
  return {
    id,
    abstractSyntax: abstractSyntaxes[0] ?? '',
    transferSyntaxes: transferSyntaxes.filter((syntax) => syntax !== ''),
  };
}

function readDataBytesMax(bytes: Uint8Array, { start, end }: Item): number | undefined {
  const items = readItems(bytes, start, end);
  const maximum = items?.find(({ type }) => type === 0x51);
  if (items === undefined || (maximum !== undefined && maximum.end - maximum.start !== 4)) return undefined;
  return maximum === undefined ? 0 : uint16(bytes, maximum.start) * 0x10000 + uint16(bytes, maximum.start + 2);
}

/** '' when it is no UID. Some senders pad with a NUL, which PS3.8 annex F does not want. */
function uidText(bytes: Uint8Array, { start, end }: Item): string {
  const text = latin1(bytes, start, end).replace(/[\0 ]+$/, '');
  return UID.test(text) ? text : '';
}

function title(bytes: Uint8Array, start: number): string {
  return latin1(bytes, start, start + TITLE_BYTES)
    .replace(/\0/g, ' ')
    .trim();
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function uint32Bytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function item(type: number, value: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt8(type);
  header.writeUInt16BE(value.length, 2);
  return Buffer.concat([header, value]);
}

function pdu(type: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(6);
  header.writeUInt8(type);
  header.writeUInt32BE(body.length, 2);
  return Buffer.concat([header, body]);
}
