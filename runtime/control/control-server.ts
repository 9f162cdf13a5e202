// The control socket of a running bridge: its owner's commands ask here.
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { EnvironmentError } from '../contracts/environment-error.ts';
import { LogError } from '../contracts/record-log.ts';
import type { Service } from '../contracts/service.ts';
import type { Telemetry } from '../contracts/telemetry.ts';
import { type ControlAnswer, type ControlRequest, REQUEST_BYTES_MAX } from './control-protocol.ts';
import { readRequest } from './request-reader.ts';
import { controlSocketPath, type SocketPath } from './socket-path.ts';

export interface ControlServerOptions {
  readonly dataDirectory: string;
  readonly telemetry: Telemetry;
  /** Answers a request, item by item; ends when the signal aborts. */
  readonly answer: (request: ControlRequest, signal: AbortSignal) => AsyncIterable<unknown>;
}

const CONNECTIONS_MAX = 32;
const IDLE_TIMEOUT_MS = 10_000;

export function createControlServer(options: ControlServerOptions): Service {
  return new ControlServer(options);
}

class ControlServer implements Service {
  readonly name = 'control';
  readonly ended: Promise<void>;
  readonly #options: ControlServerOptions;
  readonly #server: Server;
  readonly #stopping = new AbortController();
  readonly #sockets = new Set<Socket>();
  #settle: { readonly resolve: () => void; readonly reject: (cause: unknown) => void };
  #path: SocketPath | undefined;
  #started: Promise<void> | undefined;
  #drained: Promise<void> | undefined;

  constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#settle = { resolve: () => undefined, reject: () => undefined };
    this.ended = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Whoever awaits `ended` sees the failure; nobody has to.
    this.ended.catch(() => undefined);
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      // The asker went away: nothing of the bridge depends on it.
      socket.on('error', () => socket.destroy());
      this.#serve(socket).catch(() => socket.destroy());
    });
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  start(signal: AbortSignal): Promise<void> {
    this.#started ??= this.#open(signal);
    return this.#started;
  }

  drain(_deadline: AbortSignal): Promise<void> {
    this.#drained ??= this.#close();
    return this.#drained;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain(AbortSignal.abort());
  }

  /** The log's lock is held by now, so that a socket file that is there belongs to a process that was killed. */
  async #open(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const path = await controlSocketPath(this.#options.dataDirectory);
    this.#path = path;
    await rm(path.file, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path.address, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (cause) => this.#settle.reject(cause));
        resolve();
      });
    });
    await chmod(path.file, 0o600);
  }

  async #close(): Promise<void> {
    this.#stopping.abort();
    if (this.#server.listening) {
      const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
      for (const socket of this.#sockets) socket.destroy();
      await closed;
    }
    await this.#path?.[Symbol.asyncDispose]();
    this.#settle.resolve();
  }

  async #serve(socket: Socket): Promise<void> {
    socket.setTimeout(IDLE_TIMEOUT_MS, () => socket.destroy());
    const request = await readRequest(socket, REQUEST_BYTES_MAX);
    if (request === undefined) {
      socket.end(line({ error: 'control.unreadable_request' }));
      return;
    }
    socket.setTimeout(0);
    const gone = new AbortController();
    socket.once('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, this.#stopping.signal]);
    this.#options.telemetry.record('control.answered', { command: request.command });
    if (request.command === 'inspect' && request.reveal === true) {
      this.#options.telemetry.record('control.reveal', { topic: request.topic });
    }
    try {
      for await (const item of this.#options.answer(request, signal)) await write(socket, { item }, signal);
      socket.end(line({ end: true }));
    } catch (error) {
      // The text of an exception may quote a record; whoever asks learns its code (invariant 8).
      if (!signal.aborted) socket.end(line({ error: failureCodeOf(error) }));
      else socket.destroy();
    }
  }
}

/** The world in the way is told by its code; anything else is a fault of the program. */
function failureCodeOf(error: unknown): string {
  return error instanceof LogError || error instanceof EnvironmentError ? error.code : 'process.unexpected';
}

function line(answer: ControlAnswer): string {
  return `${JSON.stringify(answer)}\n`;
}

/** Waits while the asker is slower than the records come (invariant 7). */
async function write(socket: Socket, answer: ControlAnswer, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (socket.write(line(answer))) return;
  await new Promise<void>((resolve, reject) => {
    const gone = () => reject(signal.reason);
    signal.addEventListener('abort', gone, { once: true });
    socket.once('drain', () => {
      signal.removeEventListener('abort', gone);
      resolve();
    });
  });
}
