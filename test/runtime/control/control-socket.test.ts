// The control socket: for the owner only, whatever the length of its path, after a kill too.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Service } from '../../../runtime/contracts/service.ts';
import { silentTelemetry } from '../../../runtime/contracts/telemetry.ts';
import { askBridge } from '../../../runtime/control/control-client.ts';
import type { ControlRequest } from '../../../runtime/control/control-protocol.ts';
import { type ControlServerOptions, createControlServer } from '../../../runtime/control/control-server.ts';

const forever = new AbortController().signal;
let folder = '';
const servers: Service[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'studybridge-control-'));
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function listening(dataDirectory: string, answer: ControlServerOptions['answer']): Promise<void> {
  const server = createControlServer({ dataDirectory, telemetry: silentTelemetry, answer });
  servers.push(server);
  await server.start(forever);
}

async function* echo(request: ControlRequest): AsyncGenerator<unknown> {
  yield request;
}

async function asked(dataDirectory: string, request: ControlRequest): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of askBridge(dataDirectory, request, forever)) items.push(item);
  return items;
}

describe('the control socket', () => {
  test('answers item by item, and is for the owner only', async () => {
    await listening(folder, async function* () {
      yield 1;
      yield { two: 2 };
    });
    expect(await asked(folder, { command: 'status' })).toEqual([1, { two: 2 }]);
    expect(statSync(join(folder, 'control.sock')).mode & 0o777).toBe(0o600);
  });

  test('is reached by a path longer than a socket address', async () => {
    const long = join(folder, 'x'.repeat(120), 'y'.repeat(120));
    mkdirSync(long, { recursive: true });
    await listening(long, echo);
    expect(await asked(long, { command: 'ports' })).toEqual([{ command: 'ports' }]);
    expect(statSync(join(long, 'control.sock')).mode & 0o777).toBe(0o600);
  });

  test('takes the place of one that a killed process left behind', async () => {
    writeFileSync(join(folder, 'control.sock'), '');
    chmodSync(join(folder, 'control.sock'), 0o600);
    await listening(folder, echo);
    expect(await asked(folder, { command: 'ports' })).toHaveLength(1);
  });

  test('is gone when the bridge has drained, and asking says that none runs', async () => {
    await listening(folder, echo);
    await servers[0]?.drain(forever);
    await expect(asked(folder, { command: 'ports' })).rejects.toMatchObject({ code: 'process.not_running' });
  });

  test('hands on what inspect asks for, and nothing it does not know', async () => {
    await listening(folder, echo);
    const request: ControlRequest = {
      command: 'inspect',
      topic: 'studies',
      from: '12',
      limit: 3,
      follow: true,
      reveal: true,
    };
    expect(await asked(folder, request)).toEqual([request]);
  });

  test.each([
    'no json\n',
    '{"command":"drop"}\n',
    '{"command":"inspect","topic":"__proto__"}\n',
    `${'x'.repeat(70_000)}\n`,
  ])('refuses what is no request: %#', async (text) => {
    await listening(folder, echo);
    const socket = connect(join(folder, 'control.sock'));
    socket.write(text);
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    expect(JSON.parse(answer)).toEqual({ error: 'control.unreadable_request' });
  });

  test('says nothing of what a reader threw', async () => {
    await listening(folder, async function* () {
      yield 1;
      throw new Error('CANARY-张三');
    });
    await expect(asked(folder, { command: 'status' })).rejects.toMatchObject({ code: 'process.unexpected' });
  });

  test('stops reading for an asker that went away', async () => {
    let stopped: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      stopped = resolve;
    });
    await listening(folder, async function* (_request, signal) {
      try {
        for (let at = 0; !signal.aborted; at += 1) {
          yield { at, fill: 'x'.repeat(10_000) };
        }
      } finally {
        stopped();
      }
    });
    const leaving = new AbortController();
    const first = askBridge(folder, { command: 'inspect', topic: 'studies', follow: true }, leaving.signal);
    await first.next();
    leaving.abort();
    await ended;
  });
});
