// Writes what a sender sends: A-ASSOCIATE-RQ, commands, presentation data. Shares no code with what reads it.

export interface ContextProposal {
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntaxes: readonly string[];
}

export interface AssociateProposal {
  readonly calledAeTitle?: string;
  readonly callingAeTitle?: string;
  readonly protocolVersion?: number;
  readonly applicationContext?: string;
  readonly contexts: readonly ContextProposal[];
}

export const RELEASE_REQUEST = Buffer.from([5, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
export const ABORT = Buffer.from([7, 0, 0, 0, 0, 4, 0, 0, 0, 0]);

export function associateRequest(proposal: AssociateProposal): Buffer {
  const { calledAeTitle = 'STUDYBRIDGE', callingAeTitle = 'MODALITY', protocolVersion = 1 } = proposal;
  const { applicationContext = '1.2.840.10008.3.1.1.1', contexts } = proposal;
  const fixed = Buffer.alloc(68);
  fixed.writeUInt16BE(protocolVersion, 0);
  fixed.write(calledAeTitle.padEnd(16), 4, 16, 'latin1');
  fixed.write(callingAeTitle.padEnd(16), 20, 16, 'latin1');
  return pdu(1, [
    fixed,
    item(0x10, Buffer.from(applicationContext)),
    ...contexts.map(({ id, abstractSyntax, transferSyntaxes }) =>
      item(
        0x20,
        Buffer.concat([
          Buffer.from([id, 0, 0, 0]),
          item(0x30, Buffer.from(abstractSyntax)),
          ...transferSyntaxes.map((syntax) => item(0x40, Buffer.from(syntax))),
        ]),
      ),
    ),
    item(0x50, item(0x51, Buffer.from([0, 0, 0x40, 0]))),
  ]);
}

export interface CommandContent {
  readonly command?: number;
  readonly messageId?: number;
  readonly sopClassUid?: string;
  readonly sopInstanceUid?: string;
  readonly hasDataSet?: boolean;
}

/** A command set; C-STORE-RQ unless said otherwise. */
export function commandSet(content: CommandContent): Buffer {
  const { command = 1, messageId = 1, hasDataSet = true, sopClassUid, sopInstanceUid } = content;
  const elements = [
    ...(sopClassUid === undefined ? [] : [commandElement(0x0002, uid(sopClassUid))]),
    commandElement(0x0100, uint16(command)),
    commandElement(0x0110, uint16(messageId)),
    commandElement(0x0700, uint16(0)),
    commandElement(0x0800, uint16(hasDataSet ? 0 : 0x0101)),
    ...(sopInstanceUid === undefined ? [] : [commandElement(0x1000, uid(sopInstanceUid))]),
  ];
  const group = Buffer.concat(elements);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(group.length);
  return Buffer.concat([commandElement(0x0000, length), group]);
}

export function pdv(contextId: number, control: number, value: Uint8Array): Buffer {
  const header = Buffer.alloc(6);
  header.writeUInt32BE(value.length + 2);
  header[4] = contextId;
  header[5] = control;
  return Buffer.concat([header, value]);
}

export function dataPdu(pdvs: readonly Buffer[]): Buffer {
  return pdu(4, pdvs);
}

/** A command in one PDU. */
export function commandPdu(contextId: number, content: CommandContent): Buffer {
  return dataPdu([pdv(contextId, 3, commandSet(content))]);
}

/** A data set in PDUs of one PDV each. */
export function dataSetPdus(contextId: number, dataSet: Uint8Array, pieceBytes = 16_000): Buffer {
  const pdus: Buffer[] = [];
  for (let at = 0; at < dataSet.length; at += pieceBytes) {
    const last = at + pieceBytes >= dataSet.length;
    pdus.push(dataPdu([pdv(contextId, last ? 2 : 0, dataSet.subarray(at, at + pieceBytes))]));
  }
  return Buffer.concat(pdus);
}

export function pdu(type: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(6);
  header[0] = type;
  header.writeUInt32BE(body.length, 2);
  return Buffer.concat([header, body]);
}

export function item(type: number, value: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header[0] = type;
  header.writeUInt16BE(value.length, 2);
  return Buffer.concat([header, value]);
}

function commandElement(tag: number, value: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(tag, 2);
  header.writeUInt32LE(value.length, 4);
  return Buffer.concat([header, value]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function uid(text: string): Buffer {
  return Buffer.from(text.length % 2 === 0 ? text : `${text}\0`, 'latin1');
}
