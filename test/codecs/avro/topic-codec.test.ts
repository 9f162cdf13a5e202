// Records of one topic in the schemas of others: past releases, and whoever writes by a registry's ids.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type TopicCodec, topicCodec } from '../../../codecs/avro/topic-codec.ts';
import { isWireFormat, type WireIds, wireFormat, wireId } from '../../../codecs/avro/wire-format.ts';

const first = record([
  { name: 'site', type: 'string' },
  { name: 'dropped', type: 'string', default: '' },
  { name: 'count', type: 'int' },
]);
const second = record([
  { name: 'count', type: 'long' },
  { name: 'site', type: 'string' },
  { name: 'added', type: ['null', 'string'], default: null },
  { name: 'bytes', type: 'bytes', default: '' },
]);
const codec = topicCodec(second, [first]);
const value = { site: 's', count: 7, added: 'a', bytes: Buffer.from('b') };

describe('topic codec', () => {
  test('topic codec: a record of a past version gets the defaults of fields that came later', () => {
    const old = topicCodec(first, []);
    const bytes = old.encode({ site: 's', dropped: 'x', count: 7 }, old.singleObjectHeader);
    expect(decodedSingle(codec, bytes)).toEqual({ site: 's', count: 7, added: null, bytes: Buffer.alloc(0) });
  });

  test('topic codec: versions that differ in defaults only are one on the wire', () => {
    const other = second.replace('"default":null', '"doc":"no default"');
    const bytes = topicCodec(other, []).encode(value, topicCodec(other, []).singleObjectHeader);
    expect(decodedSingle(topicCodec(second, [other, first]), bytes)).toEqual(value);
  });

  test('topic codec: a past version that cannot be read any more is found when the process begins', () => {
    expect(() => topicCodec(second, [record([{ name: 'site', type: 'string' }])])).toThrow(/count/);
  });

  test('topic codec: any bytes of a past version give a value or nothing, never a throw', () => {
    const old = topicCodec(first, []);
    const good = old.encode({ site: 's', dropped: 'x', count: 7 }, old.singleObjectHeader);
    fc.assert(
      fc.property(fc.integer({ min: 10, max: good.length }), fc.uint8Array({ maxLength: 30 }), (cut, tail) => {
        decodedSingle(codec, Buffer.concat([good.subarray(0, cut), tail]));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('wire format', () => {
  const texts = new Map([[5, second]]);
  const ids: WireIds = { written: () => 0x01020304, text: (id) => texts.get(id) };
  const wire = wireFormat(codec, ids, 'topic');

  test('wire format: a record begins with 0 and the id, big-endian', () => {
    const bytes = codec.encode(value, wire.header ?? Buffer.alloc(0));
    expect([...bytes.subarray(0, 5)]).toEqual([0, 1, 2, 3, 4]);
    expect(isWireFormat(bytes)).toBe(true);
    expect(wireId(bytes)).toBe(0x01020304);
    expect(wireId(Buffer.from([0, 0xff, 0xff, 0xff, 0xfe]))).toBe(0xfffffffe);
  });

  test('wire format: an id is unknown until it is told, and then read', () => {
    const bytes = withId(6, topicCodec(first, []), { site: 's', dropped: 'x', count: 7 });
    expect(wire.reader(bytes)).toBeUndefined();
    texts.set(6, first);
    expect(decodedWire(bytes)).toEqual({ site: 's', count: 7, added: null, bytes: Buffer.alloc(0) });
  });

  test('wire format: a schema with more fields than ours is read, whatever their types', () => {
    const wide = record([
      { name: 'tags', type: { type: 'map', values: 'string' } },
      { name: 'digest', type: { type: 'fixed', name: 'Digest', size: 4 } },
      { name: 'either', type: ['int', 'long', 'double'] },
      ...JSON.parse(second).fields,
    ]);
    texts.set(8, wide);
    const header = Buffer.from([0, 0, 0, 0, 8]);
    const body = Buffer.from([2, 2, 0x6b, 2, 0x76, 0, 1, 2, 3, 4, 0, 6, 14, 2, 0x73, 2, 2, 0x61, 2, 0x62]);
    expect(decodedWire(Buffer.concat([header, body]))).toEqual(value);
  });

  test.each([
    ['is not JSON', '{'],
    ['is no schema', '{"type":"toString"}'],
    ['lacks a field of ours', record([{ name: 'site', type: 'string' }])],
    ['has another type', record([{ name: 'site', type: 'int' }, ...JSON.parse(second).fields.slice(0, 1)])],
    ['names a field as every object does', extended({ name: 'toString', type: 'string' })],
    ['refers to a name as every object has', extended({ name: 'x', type: 'constructor' })],
    ['contains itself', extended({ name: 'self', type: ['null', 'studybridge.Thing'] })],
    ['has items without bytes', extended({ name: 'nulls', type: { type: 'array', items: 'null' } })],
    ['is deep', extended({ name: 'deep', type: nested(60) })],
    ['is large', extended({ name: 'doc', type: 'string', doc: 'x'.repeat(300_000) })],
    ['doubles with each of its names', extended({ name: 'tree', type: doubling(20) })],
  ])('wire format: a schema from outside that %s is refused without a throw', (_, text) => {
    texts.set(99, text);
    const fresh = wireFormat(codec, ids, 'topic');
    expect(fresh.reader(Buffer.from([0, 0, 0, 0, 99, 0]))).toBeUndefined();
  });

  function decodedWire(bytes: Uint8Array): object | undefined {
    const reader = wire.reader(bytes);
    if (reader === undefined || !reader.withinBounds(bytes, 5)) return undefined;
    const decoded = codec.decode(bytes, 5, reader);
    return decoded === undefined ? undefined : { ...decoded.value };
  }
});

function decodedSingle(of: TopicCodec, bytes: Uint8Array): object | undefined {
  const reader = of.singleObject(bytes);
  if (reader === undefined || !reader.withinBounds(bytes, 10)) return undefined;
  const decoded = of.decode(bytes, 10, reader);
  return decoded === undefined ? undefined : { ...decoded.value };
}

function withId(id: number, writer: TopicCodec, fields: object): Uint8Array {
  return writer.encode(fields, Buffer.from([0, 0, 0, 0, id]));
}

function record(fields: readonly object[]): string {
  return JSON.stringify({ type: 'record', name: 'Thing', namespace: 'studybridge', fields });
}

function extended(field: object): string {
  return record([...JSON.parse(second).fields, field]);
}

function nested(depth: number): object {
  return depth === 0 ? { type: 'array', items: 'string' } : { type: 'array', items: nested(depth - 1) };
}

/** Each record holds the next twice: small as a text, 2^levels fields when written out. */
function doubling(levels: number): object {
  const below = levels === 0 ? 'null' : doubling(levels - 1);
  const again = levels === 0 ? 'null' : `studybridge.Level${levels - 1}`;
  const fields = [
    { name: 'left', type: below },
    { name: 'right', type: again },
  ];
  return { type: 'record', name: `Level${levels}`, fields };
}
