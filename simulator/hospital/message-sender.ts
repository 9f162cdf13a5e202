/**
 * Sends HL7 messages over MLLP, one at a time, with node-hl7-client: a peer that shares no code with the bridge.
 *
 * Its client never sends again when a second message is handed over before the first is answered, and tells nobody that a
 * connection was lost: so each message waits for the answer to the last, a closed socket is seen on the socket itself, and
 * a message without an answer is sent again over a new connection, as an interface engine does.
 */
import { Socket } from 'node:net';
import { Client, type Connection, Message } from 'node-hl7-client';
import type { SimulatorClock } from '../simulator-clock.ts';
import type { Hl7Message } from './hl7-message.ts';

export interface Hl7Destination {
  readonly host: string;
  readonly port: number;
}

const ANSWER_TIMEOUT_MS = 30_000;
const ATTEMPTS_MAX = 5;
const RECONNECT_AFTER_MS = 500;

export class MessageSender {
  readonly #destination: Hl7Destination;
  readonly #clock: SimulatorClock;
  #line: Line | undefined;

  constructor(destination: Hl7Destination, clock: SimulatorClock) {
    this.#destination = destination;
    this.#clock = clock;
  }

  /** MSA-1 of the answer. Rejects when no attempt was answered, or when the signal aborts. */
  async send(message: Hl7Message, signal: AbortSignal): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      signal.throwIfAborted();
      try {
        this.#line ??= await openLine(this.#destination, signal);
        return await this.#line.exchange(message, signal);
      } catch (cause) {
        this.close();
        if (signal.aborted || attempt === ATTEMPTS_MAX) throw cause;
        await this.#clock.sleep(RECONNECT_AFTER_MS * attempt, signal);
      }
    }
  }

  close(): void {
    this.#line?.close();
    this.#line = undefined;
  }
}

interface Line {
  exchange(message: Hl7Message, signal: AbortSignal): Promise<string>;
  close(): void;
}

async function openLine(destination: Hl7Destination, signal: AbortSignal): Promise<Line> {
  const waiting: { answered: (code: string, controlId: string) => void } = { answered: () => undefined };
  const client = new Client({ host: destination.host });
  // Characters below 256 stand for bytes, so that the message goes out in the charset it was written in.
  const connection = client.createConnection({ port: destination.port, encoding: 'latin1' }, (response) => {
    const answer = response.getMessage();
    waiting.answered(answer.get('MSA.1').toString(), answer.get('MSA.2').toString());
  });
  const close = () => {
    // Destroys the socket; nothing is under way that a failure of it could lose.
    connection.close().catch(() => undefined);
  };
  try {
    await settled(connection, signal, (resolve) => connection.once('connect', () => resolve('')));
  } catch (cause) {
    close();
    throw cause;
  }
  return {
    close,
    exchange: (message, abort) =>
      settled(connection, abort, (resolve, reject) => {
        waiting.answered = (code, controlId) => {
          if (controlId === message.controlId) resolve(code);
        };
        connection.sendMessage(new BytesMessage(message.bytes)).catch(reject);
      }),
  };
}

/** Rejects when the socket closes, the time is over or the signal aborts before `begin` has resolved. */
function settled(
  connection: Connection,
  signal: AbortSignal,
  begin: (resolve: (value: string) => void, reject: (cause: unknown) => void) => void,
): Promise<string> {
  // The library keeps its socket to itself; reached by name, and the time-out is left where it is not there.
  const socket: unknown = Reflect.get(connection, '_socket');
  const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  const either = AbortSignal.any([signal, timeout]);
  return new Promise<string>((resolve, reject) => {
    const stopListening = () => {
      if (socket instanceof Socket) socket.off('close', closed);
      either.removeEventListener('abort', aborted);
    };
    const fail = (cause: unknown) => {
      stopListening();
      reject(cause);
    };
    const closed = () => fail(new Error('the bridge cannot be reached by MLLP, or closed the connection'));
    const aborted = () => fail(timeout.aborted ? new Error('the bridge did not answer in time') : signal.reason);
    if (socket instanceof Socket) {
      socket.once('close', closed);
      if (socket.destroyed) closed();
    }
    either.addEventListener('abort', aborted, { once: true });
    begin((value) => {
      stopListening();
      resolve(value);
    }, fail);
  });
}

/** The library hands over text; this text has a character a byte and is never looked at. */
class BytesMessage extends Message {
  readonly #text: string;

  constructor(bytes: Buffer) {
    super({ text: bytes.toString('latin1', 0, bytes.indexOf(0x0d)) });
    this.#text = bytes.toString('latin1');
  }

  override toString(): string {
    return this.#text;
  }
}
