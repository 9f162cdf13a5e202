// Agreeing with a schema registry at the start: what is registered, what is only looked up, what ends the start.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { singleObjectCodec } from '../../../codecs/avro/record-codec.ts';
import type { Document } from '../../../schemas/records.ts';
import { SCHEMA_TEXTS } from '../../../schemas/records.ts';
import { hasTool } from '../../requirements.ts';
import { ManualClock } from '../log/manual-clock.ts';
import { FakeRegistry, json, opened, RecordedFacts } from './fake-registry.ts';

const TOPICS = Object.keys(SCHEMA_TEXTS);
const document: Document = {
  site: 's',
  hash: 'h',
  mediaType: 'application/pdf',
  createdAtMs: 1,
  content: Buffer.from('x'),
};
const SUBJECT = 'p.documents-value';

let registry: FakeRegistry;
beforeEach(async () => {
  registry = await FakeRegistry.open();
});
afterEach(() => registry[Symbol.asyncDispose]());

describe('schema registry', () => {
  test('schema registry: each topic is registered once, and found by the next start', async () => {
    const first = new RecordedFacts();
    await opened(registry.url, { topicPrefix: 'p.', telemetry: first });
    expect([...registry.subjects.keys()]).toEqual(TOPICS.map((topic) => `p.${topic}-value`));
    expect(first.named('registry.registered')).toHaveLength(TOPICS.length);

    const second = new RecordedFacts();
    const { codec } = await opened(registry.url, { topicPrefix: 'p.', mode: 'lookup', telemetry: second });
    expect(second.named('registry.registered')).toEqual([]);
    const bytes = codec.encode('documents', document);
    const id = registry.subjects.get(SUBJECT)?.[0]?.id;
    expect([...bytes.subarray(0, 5)]).toEqual([0, 0, 0, 0, id]);
    expect(codec.decode('documents', bytes)).toMatchObject({ ok: true, value: { hash: 'h' } });
  });

  test('schema registry: records without an id are read beside those with one', async () => {
    const { codec } = await opened(registry.url);
    const bytes = singleObjectCodec().encode('documents', document);
    expect(codec.decode('documents', bytes)).toMatchObject({ ok: true, value: { hash: 'h' } });
  });

  test('schema registry: a text that differs in comments and order of attributes is the same schema', async () => {
    for (const [topic, text] of Object.entries(SCHEMA_TEXTS)) {
      const { doc, ...rest } = JSON.parse(text);
      registry.register(`p.${topic}-value`, JSON.stringify({ ...rest, doc: `other ${doc}` }));
    }
    await opened(registry.url, { topicPrefix: 'p.', mode: 'lookup' });
    expect(registry.requests.filter((line) => line.startsWith('POST'))).toEqual([]);
  });

  test('schema registry: records of versions that were registered earlier are read', async () => {
    const older = SCHEMA_TEXTS.documents.replace(
      '"name":"createdAtMs","type":"long"',
      '"name":"createdAtMs","type":"int"',
    );
    const id = registry.register(SUBJECT, older);
    const { codec, schemas } = await opened(registry.url, { topicPrefix: 'p.', mode: 'read' });
    const bytes = withId(id, singleObjectCodec().encode('documents', document));
    expect(schemas.learn(bytes)).toBeUndefined();
    expect(codec.decode('documents', bytes)).toMatchObject({ ok: true, value: { createdAtMs: 1 } });
  });

  test('schema registry: who only reads registers nothing and writes no ids', async () => {
    const { codec } = await opened(registry.url, { mode: 'read' });
    expect(registry.requests.filter((line) => line.startsWith('POST'))).toEqual([]);
    expect([...codec.encode('documents', document).subarray(0, 2)]).toEqual([0xc3, 0x01]);
  });

  test('schema registry: a schema that may not be registered and is missing is named', async () => {
    await expect(opened(registry.url, { topicPrefix: 'p.', mode: 'lookup' })).rejects.toMatchObject({
      code: 'registry.schema_missing',
      message: expect.stringContaining('p.cloud.deliveries-value'),
    });
  });

  test('schema registry: an incompatible schema ends the start before anything is registered, and the field is named', async () => {
    registry.register(
      'study.images-value',
      SCHEMA_TEXTS['study.images'].replace('"name":"revision","type":"long"', '"name":"revision","type":"string"'),
    );
    await expect(opened(registry.url)).rejects.toMatchObject({
      code: 'registry.incompatible',
      message: expect.stringMatching(/study\.images-value.*StudyImages\.revision/),
    });
    expect(registry.requests.filter((line) => line.endsWith('/versions') && line.startsWith('POST'))).toEqual([]);
  });

  test('schema registry: what the subject’s own rule forbids is not registered', async () => {
    registry.allows = false;
    registry.register(
      SUBJECT,
      SCHEMA_TEXTS.documents
        .replace('"name":"createdAtMs","type":"long"', '"name":"createdAtMs","type":"long","default":0')
        .replace(
          '{"name":"mediaType","type":"string"',
          '{"name":"kind","type":"string","default":""},{"name":"mediaType","type":"string"',
        ),
    );
    await expect(opened(registry.url, { topicPrefix: 'p.' })).rejects.toMatchObject({
      code: 'registry.incompatible',
      message: expect.stringMatching(/p\.documents-value.*rule/),
    });
  });

  test('schema registry: a schema that another process registered in the same moment is ours', async () => {
    registry.intercept = (line) => {
      const subject = /^POST .*\/subjects\/(.*)-value\/versions$/.exec(line)?.[1];
      if (subject === undefined || registry.subjects.has(`${subject}-value`)) return undefined;
      registry.register(`${subject}-value`, new Map(Object.entries(SCHEMA_TEXTS)).get(subject) ?? '');
      return json({ error_code: 409, message: 'already exists' }, 409);
    };
    const { codec } = await opened(registry.url);
    const id = registry.subjects.get('documents-value')?.[0]?.id;
    expect(codec.encode('documents', document)[4]).toBe(id);
  });

  test('schema registry: an id that stands for another schema is refused', async () => {
    registry.intercept = (line) => (line.includes('/schemas/ids/') ? json({ schema: '"string"' }) : undefined);
    await expect(opened(registry.url)).rejects.toMatchObject({
      code: 'registry.refused',
      message: expect.stringContaining('another schema'),
    });
  });

  test('schema registry: an id beyond four bytes is refused', async () => {
    registry.intercept = (line) => (line.startsWith('POST') ? json({ id: 2 ** 40 }) : undefined);
    await expect(opened(registry.url)).rejects.toMatchObject({ code: 'registry.refused' });
  });

  test('schema registry: user and password go with every request', async () => {
    await opened(registry.url, { username: 'u', password: 'pä:ss' });
    expect([...registry.authorizations]).toEqual([`Basic ${Buffer.from('u:pä:ss').toString('base64')}`]);
  });

  test('schema registry: a registry that comes up later is waited for, with a fact each time', async () => {
    let asked = 0;
    registry.intercept = () => (++asked <= 3 ? { status: 503, body: 'starting' } : undefined);
    const telemetry = new RecordedFacts();
    const clock = new ManualClock();
    const opening = opened(registry.url, { telemetry, clock, startTimeoutMs: 60_000 });
    await passing(clock, opening);
    expect(telemetry.named('registry.waiting')).toMatchObject([
      { code: 'registry.unreachable', httpStatus: 503 },
      {},
      {},
    ]);
    await opening;
  });

  test('schema registry: one that stays away ends the start after its time', async () => {
    registry.intercept = () => ({ status: 503, body: 'starting' });
    const clock = new ManualClock();
    const beganMs = clock.monotonicMs();
    const opening = opened(registry.url, { clock, startTimeoutMs: 60_000 });
    const failure = expect(opening).rejects.toMatchObject({
      code: 'registry.unreachable',
      message: expect.stringContaining('503'),
    });
    await passing(clock, opening);
    await failure;
    expect(clock.monotonicMs() - beganMs).toBeGreaterThanOrEqual(60_000);
  });

  test('schema registry: an aborted start ends at once', async () => {
    registry.intercept = () => ({ status: 503, body: '' });
    const abort = new AbortController();
    const opening = opened(registry.url, { signal: abort.signal, startTimeoutMs: 60_000 });
    abort.abort(new Error('stopped'));
    await expect(opening).rejects.toThrow('stopped');
  });
});

const openssl = hasTool('openssl');

test.skipIf(!openssl)('schema registry: its certificate is checked against the authorities given', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'registry-ca-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  spawnSync('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    key,
    '-out',
    certificate,
    '-days',
    '2',
    ...subject,
  ]);
  const pem = readFileSync(certificate, 'utf8');
  const server = createServer({ key: readFileSync(key), cert: pem }, (_, response) => {
    response.writeHead(404, { 'content-type': 'application/json' });
    response.end('{"error_code":40401}');
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `https://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  await expect(opened(url, { mode: 'lookup' })).rejects.toMatchObject({ code: 'registry.untrusted' });
  await expect(opened(url, { mode: 'lookup', authorities: pem })).rejects.toMatchObject({
    code: 'registry.schema_missing',
  });
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

/** Moves the clock on until the start has ended. */
async function passing(clock: ManualClock, opening: Promise<unknown>): Promise<void> {
  let ended = false;
  const end = (): void => {
    ended = true;
  };
  opening.then(end, end);
  while (!ended) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(10);
  }
}

function withId(id: number, singleObject: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([0, 0, 0, 0, id]), singleObject.subarray(10)]);
}
