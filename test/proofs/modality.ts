// A store SCU that shares no code with the acceptor: one association, one presentation context, C-STORE after C-STORE.
import { connect, type Socket } from 'node:net';
import type { Ledger } from './ledger.ts';

export interface OutgoingInstance {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  /** The data set in implicit VR little endian. */
  readonly dataSet: Uint8Array;
}

const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2';
const APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1';
const P_DATA = 0x04;
const ASSOCIATE_AC = 0x02;
const RELEASE_RP = 0x06;

/**
 * Stores the instances one after another on one association. Resolves when all are answered or the connection has
 * ended; the ledger then holds what was answered 0000.
 */
export function storeInstances(port: number, instances: readonly OutgoingInstance[], ledger: Ledger): Promise<void> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let next = 0;
    let rest: Buffer = Buffer.alloc(0);
    const storeNext = (): void => {
      const instance = instances[next];
      if (instance === undefined) {
        socket.write(pdu(0x05, Buffer.alloc(4)));
        return;
      }
      ledger.sent(instance.sopInstanceUid);
      socket.write(storeRequest(instance, next + 1));
    };
    const onPdu = (type: number, body: Buffer): void => {
      if (type === ASSOCIATE_AC) storeNext();
      else if (type === P_DATA) {
        readResponse(body, instances[next]?.sopInstanceUid ?? '', ledger);
        next += 1;
        storeNext();
      } else if (type === RELEASE_RP) socket.end();
      else socket.destroy();
    };
    socket.on('connect', () => socket.write(associateRequest(instances[0]?.sopClassUid ?? '')));
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 6 && rest.length >= 6 + rest.readUInt32BE(2)) {
        const length = rest.readUInt32BE(2);
        const body = rest.subarray(6, 6 + length);
        const type = rest.readUInt8(0);
        rest = rest.subarray(6 + length);
        onPdu(type, body);
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve());
  });
}

function readResponse(body: Buffer, sopInstanceUid: string, ledger: Ledger): void {
  const status = statusOf(body);
  if (status === 0) ledger.acknowledged(sopInstanceUid);
  else ledger.refused(sopInstanceUid, status.toString(16));
}

/** (0000,0900) of the command set in one PDV: length, context and control take six bytes. */
function statusOf(body: Buffer): number {
  for (let at = 6; at + 8 <= body.length; at += 8 + body.readUInt32LE(at + 4)) {
    if (body.readUInt16LE(at) === 0x0000 && body.readUInt16LE(at + 2) === 0x0900) return body.readUInt16LE(at + 8);
  }
  return 0xffff;
}

function storeRequest(instance: OutgoingInstance, messageId: number): Buffer {
  const fields = Buffer.concat([
    implicit(0x0000, 0x0002, uidBytes(instance.sopClassUid)),
    implicit(0x0000, 0x0100, uint16(0x0001)),
    implicit(0x0000, 0x0110, uint16(messageId & 0xffff)),
    implicit(0x0000, 0x0700, uint16(0)),
    implicit(0x0000, 0x0800, uint16(1)),
    implicit(0x0000, 0x1000, uidBytes(instance.sopInstanceUid)),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(fields.length);
  const command = Buffer.concat([implicit(0x0000, 0x0000, length), fields]);
  return Buffer.concat([pdu(P_DATA, pdv(0x03, command)), pdu(P_DATA, pdv(0x02, instance.dataSet))]);
}

function associateRequest(sopClassUid: string): Buffer {
  const context = Buffer.concat([
    Buffer.from([1, 0, 0, 0]),
    item(0x30, Buffer.from(sopClassUid)),
    item(0x40, Buffer.from(IMPLICIT_LITTLE_ENDIAN)),
  ]);
  const maximumLength = Buffer.alloc(4);
  maximumLength.writeUInt32BE(65_536);
  const user = Buffer.concat([item(0x51, maximumLength), item(0x52, Buffer.from('1.2.826.0.1.3680043.10.9999.1'))]);
  const fixed = Buffer.alloc(68);
  fixed.writeUInt16BE(1, 0);
  fixed.write('STUDYBRIDGE'.padEnd(16), 4, 'latin1');
  fixed.write('PROOF'.padEnd(16), 20, 'latin1');
  return pdu(
    0x01,
    Buffer.concat([fixed, item(0x10, Buffer.from(APPLICATION_CONTEXT)), item(0x20, context), item(0x50, user)]),
  );
}

function pdu(type: number, body: Uint8Array): Buffer {
  const head = Buffer.from([type, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(body.length, 2);
  return Buffer.concat([head, body]);
}

function pdv(control: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt32BE(body.length + 2, 0);
  head.writeUInt8(1, 4);
  head.writeUInt8(control, 5);
  return Buffer.concat([head, body]);
}

function item(type: number, body: Uint8Array): Buffer {
  const head = Buffer.from([type, 0, 0, 0]);
  head.writeUInt16BE(body.length, 2);
  return Buffer.concat([head, body]);
}

/** One element in implicit VR little endian, padded to an even length by NUL. */
export function implicit(group: number, element: number, value: Uint8Array): Buffer {
  const padded = value.length % 2 === 0 ? value : Buffer.concat([value, Buffer.from([0])]);
  const head = Buffer.alloc(8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(element, 2);
  head.writeUInt32LE(padded.length, 4);
  return Buffer.concat([head, padded]);
}

/** Text padded to an even length by a space. */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(' ')]);
}

function uidBytes(uid: string): Buffer {
  return Buffer.from(uid, 'latin1');
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}
