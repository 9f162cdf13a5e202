// A cloud that does with each request what the test's script says, and remembers what it was told.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly atMs: number;
}

export interface Step {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text of the answer. */
  readonly body?: string;
  /** Whether the cloud's data change. */
  readonly processed?: boolean;
  /** reset: the connection is reset instead of an answer. hang: no answer. trickle: a beginning of an answer, then nothing. */
  readonly end?: 'answer' | 'reset' | 'hang' | 'trickle';
}

export const ACCEPT: Step = { body: '{"code":0,"message":"success"}', processed: true };
export const coded = (code: number, message = 'refused'): Step => ({ body: JSON.stringify({ code, message }) });

export class ScriptedCloud {
  readonly requests: ReceivedRequest[] = [];
  /** The last body that was processed, by path and study. */
  readonly applied = new Map<string, string[]>();
  script: (request: ReceivedRequest, index: number) => Step = () => ACCEPT;
  /** Requests that have no answer and an open connection. */
  hanging = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #nowMs: () => number;
  #port = 0;

  constructor(nowMs: () => number, tls?: { readonly key: string; readonly cert: string }) {
    this.#nowMs = nowMs;
    const listener = (request: IncomingMessage, response: ServerResponse): void => this.#receive(request, response);
    this.#server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  get port(): number {
    return this.#port;
  }

  /** The same port at each opening. */
  async open(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen(this.#port, '127.0.0.1', resolve);
    });
    const address = this.#server.address();
    if (isAddress(address)) this.#port = address.port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  /** What is processed, as if a request had reached the cloud's data late. */
  apply(request: ReceivedRequest): void {
    const { studyId } = JSON.parse(request.body);
    const key = `${request.path} ${studyId}`;
    this.applied.set(key, [...(this.applied.get(key) ?? []), request.body]);
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const received: ReceivedRequest = {
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
        atMs: this.#nowMs(),
      };
      const step = this.script(received, this.requests.length);
      this.requests.push(received);
      if (step.processed === true) this.apply(received);
      this.#answer(step, request.socket, response);
    });
  }

  #answer(step: Step, socket: Socket, response: ServerResponse): void {
    const { status = 200, headers = {}, body = '', end = 'answer' } = step;
    if (end === 'reset') {
      socket.resetAndDestroy();
      return;
    }
    if (end === 'answer') {
      // The clocks of a manual test are years apart; a Date header stands only where a test wants one.
      response.sendDate = false;
      response.writeHead(status, headers);
      response.end(body);
      return;
    }
    this.hanging += 1;
    socket.on('close', () => {
      this.hanging -= 1;
    });
    if (end === 'trickle') {
      response.writeHead(200, { 'content-length': '30' });
      response.write('{');
    }
  }
}

function isAddress(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
