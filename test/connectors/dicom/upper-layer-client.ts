// A sender made of bytes: it writes what a test wants and gives back PDU by PDU what is answered.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { CT_IMAGE_STORAGE } from '../../codecs/dicom/data-set-builder.ts';
import { type AssociateProposal, associateRequest, type ContextProposal } from '../../codecs/dicom/pdu-builder.ts';

export interface ReceivedPdu {
  readonly type: number;
  readonly body: Buffer;
}

export const VERIFICATION = '1.2.840.10008.1.1';

/** 1 and 3: CT in explicit and implicit, 5: CT big endian, 7: CT deflated, 9: verification. */
export const CONTEXTS: readonly ContextProposal[] = [
  { id: 1, abstractSyntax: CT_IMAGE_STORAGE, transferSyntaxes: ['1.2.840.10008.1.2.1'] },
  { id: 3, abstractSyntax: CT_IMAGE_STORAGE, transferSyntaxes: ['1.2.840.10008.1.2'] },
  { id: 5, abstractSyntax: CT_IMAGE_STORAGE, transferSyntaxes: ['1.2.840.10008.1.2.2'] },
  { id: 7, abstractSyntax: CT_IMAGE_STORAGE, transferSyntaxes: ['1.2.840.10008.1.2.1.99'] },
  { id: 9, abstractSyntax: VERIFICATION, transferSyntaxes: ['1.2.840.10008.1.2'] },
];

export class UpperLayerClient {
  readonly socket: Socket;
  readonly #pdus: ReceivedPdu[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #tell: () => void = () => {};
  #ended = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes) => this.#take(bytes));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#ended = true;
      this.#tell();
    });
  }

  static async connected(port: number): Promise<UpperLayerClient> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    return new UpperLayerClient(socket);
  }

  static async associated(port: number, proposal?: Partial<AssociateProposal>): Promise<UpperLayerClient> {
    const client = await UpperLayerClient.connected(port);
    client.write(associateRequest({ contexts: CONTEXTS, ...proposal }));
    const answer = await client.next();
    if (answer?.type !== 2) throw new Error('the association was not accepted');
    return client;
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The next PDU; undefined when the connection has ended. */
  async next(): Promise<ReceivedPdu | undefined> {
    while (this.#pdus.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#tell = resolve;
      });
    }
    return this.#pdus.shift();
  }

  /** The status of the next answer; the type of the PDU where it is none; undefined at the end. */
  async status(): Promise<number | string | undefined> {
    const pdu = await this.next();
    if (pdu === undefined) return undefined;
    return pdu.type === 4 ? statusOf(pdu.body) : `PDU ${pdu.type}`;
  }

  get received(): number {
    return this.#pdus.length;
  }

  async closed(): Promise<void> {
    while ((await this.next()) !== undefined);
  }

  #take(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= 6 && this.#rest.length >= 6 + this.#rest.readUInt32BE(2)) {
      const end = 6 + this.#rest.readUInt32BE(2);
      this.#pdus.push({ type: this.#rest[0] ?? 0, body: this.#rest.subarray(6, end) });
      this.#rest = this.#rest.subarray(end);
    }
    this.#tell();
  }
}

/** (0000,0900) of the command set in a P-DATA-TF of one PDV. */
export function statusOf(body: Buffer): number {
  const at = body.indexOf(Buffer.from([0, 0, 0, 9, 2, 0, 0, 0]));
  return body.readUInt16LE(at + 8);
}
