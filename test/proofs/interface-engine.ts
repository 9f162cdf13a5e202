// A sender of HL7 messages over MLLP that shares no code with the intake: sends, reads answers, writes the ledger.
import { connect, type Socket } from 'node:net';
import type { Ledger } from './ledger.ts';

export interface OutgoingMessage {
  readonly controlId: string;
  readonly bytes: Uint8Array;
}

const START = Buffer.from([0x0b]);
const END = Buffer.from([0x1c, 0x0d]);

/**
 * Sends the messages on one connection with at most `window` unanswered and resolves when all are answered or the
 * connection has ended: what was not answered stays unacknowledged in the ledger, for the next connection.
 */
export function sendMessages(
  port: number,
  messages: readonly OutgoingMessage[],
  window: number,
  ledger: Ledger,
): Promise<void> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let next = 0;
    let open = 0;
    let rest: Buffer = Buffer.alloc(0);
    const sendMore = (): void => {
      for (; open < window && next < messages.length; next += 1, open += 1) {
        const message = messages[next];
        if (message === undefined) break;
        ledger.sent(message.controlId);
        socket.write(Buffer.concat([START, message.bytes, END]));
      }
      if (open === 0 && next >= messages.length) socket.end();
    };
    socket.on('connect', sendMore);
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf(END); end >= 0; end = rest.indexOf(END)) {
        readAnswer(rest.subarray(1, end).toString('latin1'), ledger);
        rest = rest.subarray(end + END.length);
        open -= 1;
      }
      sendMore();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve());
  });
}

function readAnswer(text: string, ledger: Ledger): void {
  const [, code = '', controlId = ''] = /\rMSA\|([^|]*)\|([^|\r]*)/.exec(text) ?? [];
  if (code === 'AA') ledger.acknowledged(controlId);
  else ledger.refused(controlId, code);
}
