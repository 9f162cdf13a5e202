// DIMSE commands of the storage and verification services: read a request, write its answer as one PDU.
// Source: PS3.7 sections 6.3, 9.3.1, 9.3.5 and annex E; command sets are always implicit VR little endian.

export const COMMAND = { storeRequest: 0x0001, echoRequest: 0x0030 } as const;
const RESPONSE = 0x8000;
const NO_DATA_SET = 0x0101;

export interface DimseRequest {
  readonly command: number;
  readonly messageId: number;
  readonly hasDataSet: boolean;
  /** '' when absent. */
  readonly sopClassUid: string;
  /** '' when absent. */
  readonly sopInstanceUid: string;
}

const TAG = {
  groupLength: 0x0000,
  sopClassUid: 0x0002,
  commandField: 0x0100,
  messageId: 0x0110,
  messageIdRespondedTo: 0x0120,
  dataSetType: 0x0800,
  status: 0x0900,
  sopInstanceUid: 0x1000,
} as const;

const ELEMENT_HEADER_BYTES = 8;
const PDU_AND_PDV_HEADER_BYTES = 12;
const COMMAND_LAST_FRAGMENT = 3;
/** 64 characters (PS3.5 section 9.1) and padding. */
const UID_BYTES_MAX = 66;

/** undefined when the bytes are no command set, or lack the command or the message id. */
export function readRequest(bytes: Uint8Array, start: number, end: number): DimseRequest | undefined {
  let command: number | undefined;
  let messageId: number | undefined;
  let dataSetType = NO_DATA_SET;
  let sopClassUid = '';
  let sopInstanceUid = '';
  let at = start;
  while (at < end) {
    if (end - at < ELEMENT_HEADER_BYTES) return undefined;
    const group = uint16(bytes, at);
    const length = uint16(bytes, at + 4) + uint16(bytes, at + 6) * 0x10000;
    const value = at + ELEMENT_HEADER_BYTES;
    if (group !== 0 || length > end - value) return undefined;
    switch (uint16(bytes, at + 2)) {
      case TAG.commandField:
        command = length === 2 ? uint16(bytes, value) : undefined;
        break;
      case TAG.messageId:
        messageId = length === 2 ? uint16(bytes, value) : undefined;
        break;
      case TAG.dataSetType:
        dataSetType = length === 2 ? uint16(bytes, value) : NO_DATA_SET;
        break;
      case TAG.sopClassUid:
        sopClassUid = uidText(bytes, value, length);
        break;
      case TAG.sopInstanceUid:
        sopInstanceUid = uidText(bytes, value, length);
        break;
    }
    at = value + length;
  }
  if (command === undefined || messageId === undefined) return undefined;
  return { command, messageId, hasDataSet: dataSetType !== NO_DATA_SET, sopClassUid, sopInstanceUid };
}

/** The answer as a whole P-DATA-TF, so that one write sends it. The UIDs are those of the request. */
export function writeResponse(contextId: number, request: DimseRequest, status: number): Buffer {
  const { sopClassUid, sopInstanceUid } = request;
  const classBytes = paddedLength(sopClassUid);
  const instanceBytes = paddedLength(sopInstanceUid);
  const groupBytes =
    4 * (ELEMENT_HEADER_BYTES + 2) +
    (classBytes === 0 ? 0 : ELEMENT_HEADER_BYTES + classBytes) +
    (instanceBytes === 0 ? 0 : ELEMENT_HEADER_BYTES + instanceBytes);
  const commandBytes = ELEMENT_HEADER_BYTES + 4 + groupBytes;
  const pdu = Buffer.allocUnsafe(PDU_AND_PDV_HEADER_BYTES + commandBytes);
  pdu[0] = 4;
  pdu[1] = 0;
  pdu.writeUInt32BE(commandBytes + 6, 2);
  pdu.writeUInt32BE(commandBytes + 2, 6);
  pdu[10] = contextId;
  pdu[11] = COMMAND_LAST_FRAGMENT;
  let at = writeHeader(pdu, PDU_AND_PDV_HEADER_BYTES, TAG.groupLength, 4);
  at = pdu.writeUInt32LE(groupBytes, at);
  if (classBytes > 0) at = writeUid(pdu, at, TAG.sopClassUid, sopClassUid, classBytes);
  at = writeUint16(pdu, at, TAG.commandField, request.command | RESPONSE);
  at = writeUint16(pdu, at, TAG.messageIdRespondedTo, request.messageId);
  at = writeUint16(pdu, at, TAG.dataSetType, NO_DATA_SET);
  at = writeUint16(pdu, at, TAG.status, status);
  if (instanceBytes > 0) writeUid(pdu, at, TAG.sopInstanceUid, sopInstanceUid, instanceBytes);
  return pdu;
}

function writeHeader(bytes: Buffer, at: number, tag: number, length: number): number {
  bytes.writeUInt16LE(0, at);
  bytes.writeUInt16LE(tag, at + 2);
  return bytes.writeUInt32LE(length, at + 4);
}

function writeUint16(bytes: Buffer, at: number, tag: number, value: number): number {
  return bytes.writeUInt16LE(value, writeHeader(bytes, at, tag, 2));
}

function writeUid(bytes: Buffer, at: number, tag: number, uid: string, length: number): number {
  const value = writeHeader(bytes, at, tag, length);
  bytes.write(uid, value, 'latin1');
  if (length > uid.length) bytes[value + uid.length] = 0;
  return value + length;
}

/** Values have an even length (PS3.5 section 6.4). */
function paddedLength(uid: string): number {
  return uid.length + (uid.length % 2);
}

/** '' for what is too long to be a UID, so that an answer never echoes more than it must. */
function uidText(bytes: Uint8Array, start: number, length: number): string {
  if (length > UID_BYTES_MAX) return '';
  let end = start + length;
  while (end > start && (bytes[end - 1] === 0 || bytes[end - 1] === 0x20)) end -= 1;
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at + 1] ?? 0) << 8) | (bytes[at] ?? 0);
}
