// One attempt over TLS: who is trusted, who is not, and that nothing is sent to those.
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../runtime/contracts/clock.ts';
import type { AttemptEnd } from '../../../sinks/cloud/answer-reader.ts';
import type { CloudAccount } from '../../../sinks/cloud/cloud-account.ts';
import { CloudClient } from '../../../sinks/cloud/cloud-client.ts';
import { hasTool } from '../../requirements.ts';
import { ScriptedCloud } from './scripted-cloud.ts';
import { accountAt } from './sink-harness.ts';

const REQUEST = { path: '/ris/study/add', body: Buffer.from('{}'), headers: {} };

describe.skipIf(!hasTool('openssl'))('cloud client over TLS', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'studybridge-tls-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('a certificate of the configured authority that names the address is trusted', async () => {
    const pair = certificate(folder, { days: 2, names: 'IP:127.0.0.1' });
    const { end, received } = await attemptOver(pair, { ca: pair.cert });
    expect(end).toMatchObject({ type: 'answered', httpStatus: 200 });
    expect(received).toBe(1);
  });

  test('a certificate of an unknown authority is refused before anything is sent', async () => {
    const pair = certificate(folder, { days: 2, names: 'IP:127.0.0.1' });
    const { end, received } = await attemptOver(pair, {});
    expect(end).toEqual({ type: 'failed', row: 'certificate' });
    expect(received).toBe(0);
  });

  test('an expired certificate is refused, even with its fingerprint pinned', async () => {
    const pair = certificate(folder, { days: -1, names: 'IP:127.0.0.1' });
    const { end, received } = await attemptOver(pair, { ca: pair.cert, fingerprint256: pair.fingerprint256 });
    expect(end).toEqual({ type: 'failed', row: 'certificate' });
    expect(received).toBe(0);
  });

  test('a certificate for another name is refused, unless it is the pinned one', async () => {
    const pair = certificate(folder, { days: 2, names: 'DNS:elsewhere.example.org' });
    expect(await attemptOver(pair, { ca: pair.cert })).toEqual({
      end: { type: 'failed', row: 'certificate' },
      received: 0,
    });
    const pinned = await attemptOver(pair, { ca: pair.cert, fingerprint256: pair.fingerprint256 });
    expect(pinned.end).toMatchObject({ type: 'answered' });
  });

  test('a trusted certificate that is not the pinned one is refused', async () => {
    const pair = certificate(folder, { days: 2, names: 'IP:127.0.0.1' });
    const { end, received } = await attemptOver(pair, { ca: pair.cert, fingerprint256: 'ab'.repeat(32) });
    expect(end).toEqual({ type: 'failed', row: 'certificate' });
    expect(received).toBe(0);
  });
});

describe('cloud client', () => {
  test('a cloud without TLS is refused anywhere but on loopback', () => {
    const account = { appId: 'a', token: 't', timeoutMs: 1_000, inFlightMax: 1 };
    for (const url of [
      'http://10.0.0.1',
      'http://cloud.example.org',
      'http://127.0.0.1.example.org',
      'ftp://127.0.0.1',
    ]) {
      expect(() => new CloudClient({ ...account, url }, systemClock, () => true)).toThrow();
    }
    for (const url of ['http://127.0.0.1:1', 'http://localhost:1', 'http://[::1]:1', 'https://10.0.0.1']) {
      expect(() => new CloudClient({ ...account, url }, systemClock, () => true)).not.toThrow();
    }
  });

  test('the path of a base address stands before the path of the call', async () => {
    const cloud = new ScriptedCloud(() => 0);
    await cloud.open();
    const account = { ...accountAt(cloud), url: `http://127.0.0.1:${cloud.port}/front/` };
    const client = new CloudClient(account, systemClock, () => true);
    await client.attempt(REQUEST, 5_000);
    expect(cloud.requests[0]?.path).toBe('/front/ris/study/add');
    await client.destroy();
    await cloud.close();
  });

  test('a connection that comes up when nothing may be sent is closed unused', async () => {
    const cloud = new ScriptedCloud(() => 0);
    await cloud.open();
    const client = new CloudClient(accountAt(cloud), systemClock, () => false);
    expect(await client.attempt(REQUEST, 5_000)).toEqual({ type: 'failed', row: 'unreachable' });
    expect(cloud.requests).toHaveLength(0);
    await client.destroy();
    await cloud.close();
  });
});

interface Pair {
  readonly key: string;
  readonly cert: string;
  readonly fingerprint256: string;
}

function certificate(folder: string, { days, names }: { readonly days: number; readonly names: string }): Pair {
  const [key, csr, ext, cert] = ['key.pem', 'request.csr', 'names.cnf', 'cert.pem'].map((name) => join(folder, name));
  if (key === undefined || csr === undefined || ext === undefined || cert === undefined) throw new Error('four names');
  writeFileSync(ext, `subjectAltName=${names}\n`);
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(['req', '-new', ...curve, '-keyout', key, '-out', csr, '-subj', '/CN=front']);
  openssl(['x509', '-req', '-in', csr, '-signkey', key, '-days', String(days), '-extfile', ext, '-out', cert]);
  const text = readFileSync(cert, 'utf8');
  return { key: readFileSync(key, 'utf8'), cert: text, fingerprint256: new X509Certificate(text).fingerprint256 };
}

function openssl(words: readonly string[]): void {
  const run = spawnSync('openssl', words, { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr);
}

async function attemptOver(
  pair: Pair,
  changes: Partial<CloudAccount>,
): Promise<{ readonly end: AttemptEnd; readonly received: number }> {
  const cloud = new ScriptedCloud(() => 0, pair);
  await cloud.open();
  const account = { ...accountAt(cloud, changes), url: `https://127.0.0.1:${cloud.port}` };
  const client = new CloudClient(account, systemClock, () => true);
  try {
    return { end: await client.attempt(REQUEST, 10_000), received: cloud.requests.length };
  } finally {
    await client.destroy();
    await cloud.close();
  }
}
