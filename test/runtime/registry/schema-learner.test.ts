// Schemas that are met only when a record names them.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { singleObjectCodec } from '../../../codecs/avro/record-codec.ts';
import type { SchemaRegistry } from '../../../runtime/registry/schema-registry.ts';
import { SCHEMA_TEXTS } from '../../../schemas/records.ts';
import { ManualClock } from '../log/manual-clock.ts';
import { FakeRegistry, json, opened, RecordedFacts } from './fake-registry.ts';

const later = SCHEMA_TEXTS.documents.replace(
  '{"name":"mediaType"',
  '{"name":"kind","type":"string","default":""},{"name":"mediaType"',
);

let registry: FakeRegistry;
let bridge: SchemaRegistry;
let telemetry: RecordedFacts;
const clock = new ManualClock();
beforeEach(async () => {
  registry = await FakeRegistry.open();
  telemetry = new RecordedFacts();
  bridge = await opened(registry.url, { clock, telemetry });
  registry.requests.length = 0;
});
afterEach(async () => {
  await bridge[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
});

describe('schema learner', () => {
  test('schema learner: nothing is to be done for known ids and for records without one', () => {
    const document = { site: 's', hash: 'h', mediaType: 'm', createdAtMs: 1, content: Buffer.from('x') };
    expect(bridge.schemas.learn(bridge.codec.encode('documents', document))).toBeUndefined();
    expect(bridge.schemas.learn(singleObjectCodec().encode('documents', document))).toBeUndefined();
    expect(bridge.schemas.learn(Buffer.from([0, 0, 0, 0]))).toBeUndefined();
    expect(registry.requests).toEqual([]);
  });

  test('schema learner: a schema registered after the start is fetched once, however many ask, and read from then on', async () => {
    const value = record(registry.register('documents-value', later));
    expect(bridge.codec.decode('documents', value)).toMatchObject({ failure: { code: 'avro.unknown_schema' } });
    await Promise.all([bridge.schemas.learn(value), bridge.schemas.learn(value), bridge.schemas.learn(value)]);
    expect(registry.requests).toHaveLength(1);
    expect(bridge.schemas.learn(value)).toBeUndefined();
    expect(bridge.codec.decode('documents', value)).toMatchObject({ ok: true, value: { site: 's', mediaType: 'm' } });
  });

  test('schema learner: an id that the registry lacks is asked for again only after a minute', async () => {
    const value = record(77);
    await bridge.schemas.learn(value);
    expect(bridge.schemas.learn(value)).toBeUndefined();
    clock.advance(59_000);
    expect(bridge.schemas.learn(value)).toBeUndefined();
    clock.advance(1_000);
    await bridge.schemas.learn(value);
    expect(registry.requests).toHaveLength(2);
    expect(telemetry.named('registry.schema_unknown')).toEqual([{ id: 77 }, { id: 77 }]);
  });

  test('schema learner: an outage rejects, and the next ask is a request again', async () => {
    const value = record(registry.register('documents-value', later));
    registry.intercept = () => json({ message: 'down' }, 503);
    // A task ends with an EnvironmentError; an outage is none.
    await expect(bridge.schemas.learn(value)).rejects.toMatchObject({
      code: 'registry.unreachable',
      name: 'SchemaFetchError',
    });
    registry.intercept = undefined;
    await bridge.schemas.learn(value);
    expect(bridge.codec.decode('documents', value).ok).toBe(true);
  });

  test.each([
    ['is no Avro', { schema: '{"type":"object"}', schemaType: 'JSON' }],
    ['is not whole without others', { schema: later, references: [{ name: 'x', subject: 'y', version: 1 }] }],
    ['is no schema', { schema: '{' }],
  ])('schema learner: a schema that %s makes its records unreadable, and asks no more for a while', async (_, body) => {
    registry.intercept = () => json(body);
    const value = record(88);
    await bridge.schemas.learn(value);
    expect(bridge.schemas.learn(value)).toBeUndefined();
    expect(bridge.codec.decode('documents', value)).toMatchObject({ failure: { code: 'avro.unknown_schema' } });
  });

  test('schema learner: ids without end, as garbage brings them, are not kept without end', async () => {
    for (let first = 1_000; first < 6_000; first += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, index) => bridge.schemas.learn(record(first + index))));
    }
    expect(bridge.schemas.learn(record(5_999))).toBeUndefined();
    const forgotten = bridge.schemas.learn(record(1_000));
    expect(forgotten).toBeInstanceOf(Promise);
    await forgotten;
  });
});

/** A document in the later schema. */
function record(id: number): Uint8Array {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(id, 1);
  return Buffer.concat([header, Buffer.from([2, 0x73, 2, 0x68, 0, 2, 0x6d, 2, 2, 0x78])]);
}
