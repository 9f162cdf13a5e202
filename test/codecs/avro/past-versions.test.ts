// Records written by every version that was released are read by this one.
//
// `versions/NAME.json` holds a record a topic: its bytes as hex and its fields, bytes as base64. A version's file is
// written once, by `WRITE_VERSION=NAME npx vitest run test/codecs/avro/past-versions.test.ts`, and never changed.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import avro from 'avsc';
import { describe, expect, test } from 'vitest';
import { singleObjectCodec } from '../../../codecs/avro/record-codec.ts';
import { SCHEMA_TEXTS, type TopicName } from '../../../schemas/records.ts';

interface WrittenRecord {
  readonly hex: string;
  readonly fields: unknown;
}

const FOLDER = new URL('./versions/', import.meta.url);
const TOPIC_NAMES = Object.keys(SCHEMA_TEXTS).filter(isTopicName);
const codec = singleObjectCodec();

const name = process.env['WRITE_VERSION'];
if (name !== undefined) writeVersion(name);

const versions = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));

test('there is a file of the first version', () => {
  expect(versions).toContain('0.1.0.json');
});

describe.each(versions)('records of %s', (file) => {
  const written: Readonly<Record<string, WrittenRecord>> = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'));

  test.each(TOPIC_NAMES.filter((topic) => written[topic] !== undefined))('%s is decoded to its fields', (topic) => {
    const decoded = codec.decode(topic, Buffer.from(written[topic]?.hex ?? '', 'hex'));
    expect(decoded.ok && readable(decoded.value)).toEqual(written[topic]?.fields);
  });
});

function writeVersion(version: string): void {
  const written = Object.fromEntries(TOPIC_NAMES.map((topic) => [topic, randomRecord(topic)]));
  writeFileSync(new URL(`${version}.json`, FOLDER), `${JSON.stringify(written, null, 2)}\n`);
}

/** A random value of the schema, whole: every field has one. */
function randomRecord(topic: TopicName): WrittenRecord {
  const type = avro.Type.forSchema(JSON.parse(SCHEMA_TEXTS[topic]), { wrapUnions: false });
  const value = type.fromString(type.toString(type.random()));
  return { hex: Buffer.from(codec.encode(topic, value)).toString('hex'), fields: readable(value) };
}

function readable(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, field) =>
      field?.type === 'Buffer' ? Buffer.from(field.data).toString('base64') : field,
    ),
  );
}

function isTopicName(text: string): text is TopicName {
  return Object.hasOwn(SCHEMA_TEXTS, text);
}
