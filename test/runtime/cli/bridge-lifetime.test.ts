// A bridge as a process: start, signals, kill, a second start, what it refuses.

import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CommandProcess, runCommand, startCommand, startListening } from './command-process.ts';

let folder = '';
const started: CommandProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'studybridge-life-'));
});
afterEach(async () => {
  for (const command of started.splice(0)) {
    command.child.kill('SIGKILL');
    await command.ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

async function bridge(environment: Record<string, string> = {}) {
  const command = await startListening({ folder, environment });
  started.push(command);
  return command;
}

/** A request whose body never ends; resolves when the bridge has begun to read it. */
async function unfinishedRequest(http: string): Promise<Socket> {
  const socket = connect(Number(new URL(http).port), '127.0.0.1');
  socket.on('error', () => undefined);
  const head = 'POST /v1/store-events HTTP/1.1\r\nHost: bridge\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n';
  socket.write(head);
  // Node answers 100 Continue when the request has reached its handler.
  await once(socket, 'data');
  return socket;
}

async function listenOnFreePort(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A synthetic instance with all that the cloud asks of a study. */
const STORED = {
  '00080016': { vr: 'UI', Value: ['1.2.840.10008.5.1.4.1.1.2'] },
  '00080018': { vr: 'UI', Value: ['2.25.1'] },
  '0020000D': { vr: 'UI', Value: ['2.25.2'] },
  '0020000E': { vr: 'UI', Value: ['2.25.3'] },
  '00080050': { vr: 'SH', Value: ['A1'] },
  '00080060': { vr: 'CS', Value: ['CT'] },
  '00100010': { vr: 'PN', Value: [{ Alphabetic: 'TEST^ONE' }] },
  '00100020': { vr: 'LO', Value: ['P1'] },
  '00100040': { vr: 'CS', Value: ['F'] },
};

describe('a bridge', () => {
  test('says what listens where, that the cloud is the sandbox, and what to try next', async () => {
    const command = startCommand({ folder, args: ['run'] });
    started.push(command);
    await command.printed(/Try next.*\n/);
    const output = command.output();
    expect(output).toMatch(/MLLP\s+mllp:\/\/127\.0\.0\.1:\d+/);
    expect(output).toMatch(/DICOM\s+STUDYBRIDGE@127\.0\.0\.1:\d+ .*archives nothing/);
    expect(output).toMatch(/HTTP\s+http:\/\/127\.0\.0\.1:\d+/);
    expect(output).toContain(join(folder, 'studybridge-data'));
    expect(output).toMatch(/sandbox.*quiet time 3 s/);
    expect(output.trimEnd().split('\n').length).toBeLessThan(10);
    expect(output).not.toContain('\u001b');
  });

  test('is ready when it says so, keeps its files for the owner, and has its pool threads', async () => {
    const { http, pid } = await bridge();
    expect((await fetch(`${http}/readyz`)).status).toBe(200);
    expect((await fetch(`${http}/healthz`)).status).toBe(200);
    expect(await (await fetch(`${http}/metrics`)).text()).toContain('studybridge_');
    const data = join(folder, 'studybridge-data');
    expect(statSync(data).mode & 0o077).toBe(0);
    for (const name of readdirSync(data)) expect(statSync(join(data, name)).mode & 0o077, name).toBe(0);
    if (process.platform !== 'linux') return;
    // With the four pool threads that Node begins with there are eleven.
    expect(readdirSync(`/proc/${pid}/task`).length).toBeGreaterThan(16);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('drains on %s and leaves with 0', async (signal) => {
    const command = await bridge();
    command.child.kill(signal);
    expect(await command.ended).toBe(0);
    expect(command.errors()).toContain('process.drained');
  });

  test('is ready again at once on the same ports and directory after kill -9', async () => {
    const first = await bridge();
    const ports = {
      STUDYBRIDGE_HL7_PORT: String(first.hl7),
      STUDYBRIDGE_DICOM_PORT: String(first.dicom),
      STUDYBRIDGE_HTTP_PORT: new URL(first.http).port,
    };
    first.child.kill('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');
    const second = await bridge(ports);
    expect(second.hl7).toBe(first.hl7);
    expect((await fetch(`${second.http}/readyz`)).status).toBe(200);
  });

  test('refuses a data directory in which another one works, with 3', async () => {
    await bridge();
    const { code, errors } = await runCommand({ folder, args: ['run'] });
    expect(code).toBe(3);
    expect(errors).toContain('log.in_use');
  });

  test.each(['STUDYBRIDGE_HL7_PORT', 'STUDYBRIDGE_DICOM_PORT', 'STUDYBRIDGE_HTTP_PORT'])(
    'refuses a taken port with 3: %s',
    async (variable) => {
      const holder = createServer();
      const port = await listenOnFreePort(holder);
      const { code, errors } = await runCommand({ folder, args: ['run'], environment: { [variable]: String(port) } });
      holder.close();
      expect(code).toBe(3);
      expect(errors).toContain('process.port_taken');
      expect(errors).toContain(String(port));
    },
  );

  test('answers status and inspect while it runs, from another process', async () => {
    const { pid } = await bridge();
    const status = await runCommand({ folder, args: ['status', '--json'] });
    expect(JSON.parse(status.output)).toMatchObject({ running: true, bridge: { pid }, log: { writable: true } });
    expect((await runCommand({ folder, args: ['status'] })).output).toContain(`running, process ${pid}`);
    expect((await runCommand({ folder, args: ['inspect', 'studies'] })).code).toBe(0);
  });

  test('drains within 10 s with 0 though a sender hangs in the middle of a request', async () => {
    const command = await bridge();
    const hanging = await unfinishedRequest(command.http);
    const begunAtMs = performance.now();
    command.child.kill('SIGTERM');
    expect(await command.ended).toBe(0);
    expect(performance.now() - begunAtMs).toBeLessThan(10_000);
    hanging.destroy();
  });

  test('drains within 10 s with 0 though the cloud takes requests and never answers', async () => {
    let hear: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      hear = resolve;
    });
    const cloud = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => hear());
    });
    const port = await listenOnFreePort(cloud);
    const command = await bridge({
      STUDYBRIDGE_CLOUD_URL: `http://127.0.0.1:${port}`,
      STUDYBRIDGE_CLOUD_APP_ID: '100001',
      STUDYBRIDGE_CLOUD_TOKEN: '0123456789abcdef0123456789abcdef',
      STUDYBRIDGE_STUDY_QUIET_MS: '0',
    });
    const posted = await fetch(`${command.http}/v1/store-events`, { method: 'POST', body: JSON.stringify([STORED]) });
    expect(posted.status).toBe(202);
    await asked;
    const begunAtMs = performance.now();
    command.child.kill('SIGTERM');
    expect(await command.ended).toBe(0);
    expect(performance.now() - begunAtMs).toBeLessThan(10_000);
    cloud.close();
  });

  test('takes a signal that comes twice at once, as npm hands Ctrl-C on, for one', async () => {
    const command = await bridge();
    const hanging = await unfinishedRequest(command.http);
    command.child.kill('SIGINT');
    await command.complained(/process\.draining/);
    command.child.kill('SIGINT');
    expect(await command.ended).toBe(0);
    hanging.destroy();
  });

  test('leaves with 0 though the signal is repeated until the process is gone', async () => {
    const command = await bridge();
    const repeat = (): boolean => command.child.kill('SIGINT');
    command.child.stderr?.on('data', repeat);
    repeat();
    expect(await command.ended).toBe(0);
  });

  test('ends with 1 at the second signal while the drain waits for a sender', async () => {
    const command = await bridge();
    const hanging = await unfinishedRequest(command.http);
    command.child.kill('SIGTERM');
    await command.complained(/process\.draining/);
    // As a person does who presses Ctrl-C until it ends.
    const pressing = setInterval(() => command.child.kill('SIGINT'), 50);
    expect(await command.ended).toBe(1);
    clearInterval(pressing);
    expect(command.errors()).toContain('process.aborted');
    hanging.destroy();
  });

  test('warns when it listens beyond loopback', async () => {
    const command = await bridge({ STUDYBRIDGE_HOST: '0.0.0.0' });
    expect(command.errors()).toContain('process.open_to_network');
  });

  test('writes nothing beside its data directory', async () => {
    const command = await bridge();
    command.child.kill('SIGTERM');
    await command.ended;
    expect(readdirSync(folder)).toEqual(['studybridge-data']);
  });

  test('keeps secrets out of all it prints', async () => {
    const token = '0123456789abcdef0123456789abcdef';
    const file = join(folder, 'token');
    writeFileSync(file, token);
    const command = await bridge({
      STUDYBRIDGE_CLOUD_URL: 'http://127.0.0.1:9',
      STUDYBRIDGE_CLOUD_APP_ID: '100001',
      STUDYBRIDGE_CLOUD_TOKEN_FILE: file,
      STUDYBRIDGE_LOG_LEVEL: 'debug',
    });
    const status = await runCommand({
      folder,
      args: ['status', '--json'],
      environment: {
        STUDYBRIDGE_CLOUD_URL: 'http://127.0.0.1:9',
        STUDYBRIDGE_CLOUD_APP_ID: '100001',
        STUDYBRIDGE_CLOUD_TOKEN_FILE: file,
      },
    });
    command.child.kill('SIGTERM');
    expect(await command.ended).toBe(0);
    expect(command.output() + command.errors() + status.output).not.toContain(token);
  });

  test('is ended by the crash points of its start and its drain', async () => {
    const restoring = startCommand({ folder, args: ['run'], environment: { STUDYBRIDGE_CRASH_POINT: 'restore' } });
    expect(await restoring.ended).toBe('SIGKILL');
    const draining = await bridge({ STUDYBRIDGE_CRASH_POINT: 'drain' });
    draining.child.kill('SIGTERM');
    expect(await draining.ended).toBe('SIGKILL');
    await bridge();
  });
});
