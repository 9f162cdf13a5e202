// A real registry: Apicurio's Confluent-compatible API.
import { beforeAll, describe, expect, test } from 'vitest';
import type { Document } from '../../../schemas/records.ts';
import { SCHEMA_TEXTS } from '../../../schemas/records.ts';
import { randomPrefix } from '../../kafka/broker.ts';
import { schemaRegistry } from '../../kafka/registry.ts';
import { opened, RecordedFacts } from './fake-registry.ts';

const registry = await schemaRegistry();
const document: Document = { site: 's', hash: 'h', mediaType: 'm', createdAtMs: 1, content: Buffer.from('x') };
/** A field more, with a default: what a later release may write. */
const later = SCHEMA_TEXTS.documents.replace(
  '{"name":"mediaType"',
  '{"name":"kind","type":"string","default":""},{"name":"mediaType"',
);

describe.skipIf(!registry.available)('a real schema registry', () => {
  let topicPrefix = '';
  beforeAll(() => {
    topicPrefix = randomPrefix();
  });

  test('a real schema registry: schemas are registered once, and a second start finds the same ids', async () => {
    await using first = await opened(registry.url, { topicPrefix });
    const telemetry = new RecordedFacts();
    await using second = await opened(registry.url, { topicPrefix, mode: 'lookup', telemetry });
    expect(telemetry.named('registry.registered')).toEqual([]);
    const bytes = first.codec.encode('documents', document);
    expect(second.codec.encode('documents', document)).toEqual(bytes);
    expect(second.schemas.learn(bytes)).toBeUndefined();
    expect(second.codec.decode('documents', bytes)).toMatchObject({ ok: true, value: { hash: 'h' } });
  });

  test('a real schema registry: two processes that start at once agree on the ids', async () => {
    const prefix = randomPrefix();
    const both = await Promise.all([
      opened(registry.url, { topicPrefix: prefix, startTimeoutMs: 10_000 }),
      opened(registry.url, { topicPrefix: prefix, startTimeoutMs: 10_000 }),
    ]);
    const [left, right] = both.map(({ codec }) => codec.encode('documents', document));
    expect(left).toEqual(right);
    for (const one of both) await one[Symbol.asyncDispose]();
  });

  test('a real schema registry: a schema registered later is learned, and its records are read', async () => {
    await using bridge = await opened(registry.url, { topicPrefix });
    const id = await registeredByOthers(`${topicPrefix}documents-value`, later);
    const header = Buffer.alloc(5);
    header.writeUInt32BE(id, 1);
    const value = Buffer.concat([header, Buffer.from([2, 0x73, 2, 0x68, 0, 2, 0x6d, 2, 2, 0x78])]);
    await bridge.schemas.learn(value);
    expect(bridge.codec.decode('documents', value)).toMatchObject({ ok: true, value: { site: 's', mediaType: 'm' } });
    // An older release starts again beside the newer one and keeps its own id.
    const telemetry = new RecordedFacts();
    await using again = await opened(registry.url, { topicPrefix, mode: 'lookup', telemetry });
    expect(again.codec.encode('documents', document)).toEqual(bridge.codec.encode('documents', document));
    expect(telemetry.named('registry.version_unreadable')).toEqual([]);
  });

  test('a real schema registry: an id that it lacks is known to be unknown', async () => {
    await using bridge = await opened(registry.url, { topicPrefix });
    const value = Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 0]);
    await bridge.schemas.learn(value);
    expect(bridge.schemas.learn(value)).toBeUndefined();
    expect(bridge.codec.decode('documents', value)).toMatchObject({ failure: { code: 'avro.unknown_schema' } });
  });

  test('a real schema registry: a schema of others that does not fit ends the start, though the registry has no rule', async () => {
    const prefix = randomPrefix();
    await registeredByOthers(`${prefix}hl7.messages-value`, SCHEMA_TEXTS.documents);
    await expect(opened(registry.url, { topicPrefix: prefix })).rejects.toMatchObject({
      code: 'registry.incompatible',
      message: expect.stringContaining(`${prefix}hl7.messages-value`),
    });
  });

  test('a real schema registry: its own rule is asked before anything is registered', async () => {
    const prefix = randomPrefix();
    const subject = `${prefix}documents-value`;
    // Ours fits the latest version, and the first one not: only a rule over all versions can say so.
    await registeredByOthers(
      subject,
      SCHEMA_TEXTS.documents.replace('{"name":"hash","type":"string"', '{"name":"hash","type":"int"'),
    );
    await registeredByOthers(subject, later);
    await putRule(subject, 'FULL_TRANSITIVE');
    await expect(opened(registry.url, { topicPrefix: prefix })).rejects.toMatchObject({
      code: 'registry.incompatible',
    });
  });

  test('a real schema registry: a wrong path is told from a missing schema', async () => {
    const root = registry.url.replace(/\/apis\/.*$/, '/apis/nothing');
    await expect(opened(root)).rejects.toMatchObject({
      code: 'registry.refused',
      message: expect.stringContaining('no schema registry at this path'),
    });
  });
});

async function registeredByOthers(subject: string, schema: string): Promise<number> {
  const response = await fetch(`${registry.url}/subjects/${subject}/versions`, request('POST', { schema }));
  const answer: { readonly id: number } = JSON.parse(await response.text());
  return answer.id;
}

async function putRule(subject: string, compatibility: string): Promise<void> {
  const response = await fetch(`${registry.url}/config/${subject}`, request('PUT', { compatibility }));
  expect(response.ok).toBe(true);
}

function request(method: string, body: object): RequestInit {
  return { method, body: JSON.stringify(body), headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' } };
}
