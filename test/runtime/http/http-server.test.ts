// The HTTP port on a real socket: alive, ready, metrics, store events, and its bounds.
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../runtime/contracts/clock.ts';
import { silentTelemetry } from '../../../runtime/contracts/telemetry.ts';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../../runtime/http/http-server.ts';

const running: HttpServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server[Symbol.asyncDispose]();
});

async function started(options: Partial<HttpServerOptions> = {}): Promise<string> {
  const server = createHttpServer({
    host: '127.0.0.1',
    port: 0,
    bodyBytesMax: 1024,
    clock: systemClock,
    telemetry: silentTelemetry,
    metrics: { contentType: 'text/plain; version=0.0.4', text: async () => 'up 1\n' },
    readiness: () => new Map([['log', 'ready']]),
    admits: () => true,
    storeEvents: async ({ body, source }) => ({ status: 202, body: { bytes: body.length, source: source ?? null } }),
    ...options,
  });
  running.push(server);
  await server.start(new AbortController().signal);
  return `http://127.0.0.1:${server.address.port}`;
}

const post = (url: string, body: string | Uint8Array<ArrayBuffer>) =>
  fetch(`${url}/v1/store-events`, { method: 'POST', body });

describe('the HTTP port', () => {
  test('says that it is alive, and gives the metrics in their own type', async () => {
    const url = await started();
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const metrics = await fetch(`${url}/metrics`);
    expect(await metrics.text()).toBe('up 1\n');
    expect(metrics.headers.get('content-type')).toContain('version=0.0.4');
  });

  test('is ready only when every part is, and says which is not', async () => {
    const parts = new Map([
      ['mllp', 'ready'],
      ['log', 'ready'],
    ]);
    const url = await started({ readiness: () => parts });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    parts.set('log', 'log.full');
    const answer = await fetch(`${url}/readyz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({ ready: false, parts: { mllp: 'ready', log: 'log.full' } });
  });

  test('hands store events on, whole, with the source they name', async () => {
    const url = await started();
    const answer = await fetch(`${url}/v1/store-events?source=pacs`, { method: 'POST', body: '[1]' });
    expect(answer.status).toBe(202);
    expect(await answer.json()).toEqual({ bytes: 3, source: 'pacs' });
  });

  test('refuses store events from an address that no source allows, before they are read', async () => {
    let asked = 0;
    const url = await started({
      admits: () => false,
      storeEvents: async () => {
        asked += 1;
        return { status: 202, body: {} };
      },
    });
    expect((await post(url, '[]')).status).toBe(403);
    expect(asked).toBe(0);
  });

  test('takes a body up to its bound and refuses one beyond it, declared or not', async () => {
    const url = await started();
    expect((await post(url, new Uint8Array(1024))).status).toBe(202);
    expect((await post(url, new Uint8Array(1025))).status).toBe(413);
    const stream = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(600)),
    });
    const answer = await fetch(`${url}/v1/store-events`, { method: 'POST', body: stream, duplex: 'half' }).then(
      ({ status }) => status,
      // The server closes the connection under a body that goes on.
      () => 413,
    );
    expect(answer).toBe(413);
  });

  test('says nothing of what a handler threw', async () => {
    const url = await started({
      storeEvents: async () => {
        throw new Error('CANARY-张三');
      },
    });
    const answer = await post(url, '[]');
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('CANARY');
  });

  test('a taken port rejects the start with the code of the system', async () => {
    const url = await started();
    const taken = createHttpServer({
      host: '127.0.0.1',
      port: Number(new URL(url).port),
      bodyBytesMax: 1,
      clock: systemClock,
      telemetry: silentTelemetry,
      metrics: { contentType: '', text: async () => '' },
      readiness: () => new Map(),
      admits: () => true,
      storeEvents: async () => ({ status: 202, body: {} }),
    });
    await expect(taken.start(new AbortController().signal)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await taken[Symbol.asyncDispose]();
  });

  test('drains: an answer under way is finished, an idle connection is closed', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let entered: () => void = () => undefined;
    const underWay = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const url = await started({
      storeEvents: async () => {
        entered();
        await held;
        return { status: 202, body: {} };
      },
    });
    const idle = connect(Number(new URL(url).port), '127.0.0.1');
    const closed = new Promise<void>((resolve) => idle.once('close', () => resolve()));
    idle.on('error', () => undefined);
    const answer = post(url, '[]');
    await underWay;
    const [server] = running;
    const drained = server?.drain(new AbortController().signal);
    release();
    expect((await answer).status).toBe(202);
    await Promise.all([drained, closed]);
  });

  test('drains: what is under way is abandoned at the deadline', async () => {
    let entered: () => void = () => undefined;
    const underWay = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const url = await started({
      storeEvents: () => {
        entered();
        return new Promise(() => undefined);
      },
    });
    const answer = post(url, '[]').then(
      () => 'answered',
      () => 'broken off',
    );
    await underWay;
    const deadline = new AbortController();
    const drained = running[0]?.drain(deadline.signal);
    deadline.abort();
    await drained;
    expect(await answer).toBe('broken off');
  });
});
