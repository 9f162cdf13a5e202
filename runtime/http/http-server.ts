// The HTTP port: alive, ready, metrics, and the events a PACS posts.
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import type { Clock } from '../contracts/clock.ts';
import type { Service } from '../contracts/service.ts';
import type { Telemetry } from '../contracts/telemetry.ts';
import { readBody } from './request-body.ts';

export interface HttpServerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly bodyBytesMax: number;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  readonly readiness: () => Readiness;
  /** Whether any source may post from this address. */
  readonly admits: (remoteAddress: string) => boolean;
  /** Absent: this process takes none, and there is no such route. */
  readonly storeEvents?: StoreEventsHandler;
}

/** Ready when every part is; the cloud's health is none of them. */
export type Readiness = ReadonlyMap<string, 'ready' | 'starting' | 'draining' | string>;

export type StoreEventsHandler = (
  request: {
    readonly body: Uint8Array;
    readonly source?: string;
    readonly remoteAddress: string;
  },
  signal: AbortSignal,
) => Promise<{
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}>;

export interface HttpServer extends Service {
  /** Known once started. */
  readonly address: { readonly host: string; readonly port: number };
}

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_TIMEOUT_MS = 30_000;
const HEADER_BYTES_MAX = 16 * 1024;
const CONNECTIONS_MAX = 1_000;

export function createHttpServer(options: HttpServerOptions): HttpServer {
  return new HonoServer(options);
}

type Route = Context<{ Bindings: HttpBindings }>;

function routes(options: HttpServerOptions, stopping: AbortSignal) {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.use(async (context, next) => {
    const startedAtMs = options.clock.monotonicMs();
    await next();
    // A path from outside would make a label a request; the routes are few.
    const route = KNOWN_ROUTES.has(context.req.path) ? context.req.path : 'other';
    const tookSeconds = (options.clock.monotonicMs() - startedAtMs) / 1000;
    options.telemetry.record('http.answered', { route, status: String(context.res.status), tookSeconds });
  });
  app.get('/healthz', (context) => context.json({ alive: true }));
  app.get('/readyz', (context) => {
    const parts = options.readiness();
    const ready = [...parts.values()].every((state) => state === 'ready');
    return context.json({ ready, parts: Object.fromEntries(parts) }, ready ? 200 : 503);
  });
  app.get('/metrics', async (context) => {
    const text = await options.metrics.text();
    return context.body(text, 200, { 'content-type': options.metrics.contentType });
  });
  const { storeEvents } = options;
  if (storeEvents !== undefined) {
    app.post('/v1/store-events', (context) => takeStoreEvents(context, storeEvents, options, stopping));
  }
  app.notFound((context) => context.json({ error: 'no such route' }, 404));
  // An exception's text may quote what was sent; the code says enough (invariant 8).
  app.onError((_error, context) => context.json({ error: 'internal', code: 'process.unexpected' }, 500));
  return app;
}

const KNOWN_ROUTES = new Set(['/healthz', '/readyz', '/metrics', '/v1/store-events']);

async function takeStoreEvents(
  context: Route,
  storeEvents: StoreEventsHandler,
  options: HttpServerOptions,
  stopping: AbortSignal,
): Promise<Response> {
  const remoteAddress = context.env.incoming.socket.remoteAddress ?? '';
  if (!options.admits(remoteAddress)) {
    options.telemetry.record('http.refused', { reason: 'http.source_not_allowed' });
    return context.json({ error: 'this sender is not allowed', code: 'http.source_not_allowed' }, 403);
  }
  if (stopping.aborted) {
    options.telemetry.record('http.refused', { reason: 'http.not_ready' });
    return context.json({ error: 'draining', code: 'http.not_ready' }, 503);
  }
  const body = await readBody(context.req.raw, options.bodyBytesMax);
  if (body === undefined) {
    options.telemetry.record('http.refused', { reason: 'http.body_too_large' });
    return context.json({ error: 'the body is too large', code: 'http.body_too_large' }, 413, { connection: 'close' });
  }
  const source = context.req.query('source');
  const request = source === undefined ? { body, remoteAddress } : { body, remoteAddress, source };
  const answer = await storeEvents(request, AbortSignal.any([context.req.raw.signal, stopping]));
  return new Response(JSON.stringify(answer.body), {
    status: answer.status,
    headers: { 'content-type': 'application/json', ...answer.headers },
  });
}

class HonoServer implements HttpServer {
  readonly name = 'http';
  readonly ended: Promise<void>;
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  readonly #abandon = new AbortController();
  /** Connections, and whether one is being answered. */
  readonly #busy = new Map<Socket, boolean>();
  #settle: { readonly resolve: () => void; readonly reject: (cause: unknown) => void };
  #started: Promise<void> | undefined;
  #drained: Promise<void> | undefined;
  #address: { readonly host: string; readonly port: number };

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#address = { host: options.host, port: options.port };
    this.#settle = { resolve: () => undefined, reject: () => undefined };
    this.ended = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Whoever awaits `ended` sees the failure; nobody has to.
    this.ended.catch(() => undefined);
    const app = routes(options, this.#abandon.signal);
    this.#server = createServer(
      {
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
        maxHeaderSize: HEADER_BYTES_MAX,
      },
      getRequestListener(app.fetch, { overrideGlobalObjects: false }),
    );
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.on('connection', (socket) => {
      this.#busy.set(socket, false);
      socket.once('close', () => this.#busy.delete(socket));
    });
    this.#server.on('request', ({ socket }, response) => {
      this.#busy.set(socket, true);
      response.once('close', () => {
        if (this.#busy.has(socket)) this.#busy.set(socket, false);
        if (this.#drained !== undefined) socket.end();
      });
    });
  }

  get address() {
    return this.#address;
  }

  start(signal: AbortSignal): Promise<void> {
    this.#started ??= this.#open(signal);
    return this.#started;
  }

  drain(deadline: AbortSignal): Promise<void> {
    this.#drained ??= this.#close(deadline);
    return this.#drained;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain(AbortSignal.abort());
  }

  async #open(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, signal: this.#abandon.signal }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (cause) => this.#settle.reject(cause));
        resolve();
      });
    });
    const bound = this.#server.address();
    if (typeof bound === 'object' && bound !== null) this.#address = { host, port: bound.port };
  }

  /** Connections that are idle end at once; a request that is being answered is finished. */
  async #close(deadline: AbortSignal): Promise<void> {
    if (!this.#server.listening) {
      this.#settle.resolve();
      return;
    }
    const abandon = () => {
      this.#abandon.abort();
      this.#server.closeAllConnections();
    };
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    // Node's own closing of idle connections leaves those that have not sent a request yet.
    for (const [socket, busy] of this.#busy) if (!busy) socket.destroy();
    if (deadline.aborted) abandon();
    else deadline.addEventListener('abort', abandon, { once: true });
    await closed;
    deadline.removeEventListener('abort', abandon);
    this.#settle.resolve();
  }
}
