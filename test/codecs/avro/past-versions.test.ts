// Records written by every version that was released are read by this one.
//
// A file in `versions/` holds records by topic: their bytes as hex and their fields, bytes as base64. `npm run
// record-schemas` writes one for each new version of a schema; none is ever changed.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readableFields, type WrittenRecord } from '../../../codecs/avro/generate/version-fixture.ts';
import { recordCodec, singleObjectCodec } from '../../../codecs/avro/record-codec.ts';
import { topicCodec } from '../../../codecs/avro/topic-codec.ts';
import { topicVersions } from '../../../schemas/generate/version-files.ts';
import { SCHEMA_TEXTS, type TopicName } from '../../../schemas/records.ts';

const FOLDER = new URL('./versions/', import.meta.url);
const SCHEMAS = fileURLToPath(new URL('../../../schemas/', import.meta.url));
const TOPIC_NAMES = Object.keys(SCHEMA_TEXTS).filter(isTopicName);
const HEADER_DIGITS = 20;

const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
const versions = topicVersions(SCHEMAS);

test('there is a file of the first version', () => {
  expect(files).toContain('0.1.0.json');
});

describe.each(files)('records of %s', (file) => {
  const written = fixture(file);

  test.each(TOPIC_NAMES.filter((topic) => written[topic] !== undefined))('%s is decoded to its fields', (topic) => {
    const bytes = Buffer.from(written[topic]?.hex ?? '', 'hex');
    const decoded = singleObjectCodec().decode(topic, bytes);
    expect(decoded.ok && inCommon(readableFields(decoded.value), written[topic]?.fields)).toBe(true);
  });

  test.each(TOPIC_NAMES.filter((topic) => written[topic] !== undefined))(
    '%s is decoded to the same fields when a registry gave its schema an id',
    (topic) => {
      const hex = written[topic]?.hex ?? '';
      const text = versionThatWrote(topic, hex);
      const codec = recordCodec({ ids: { written: () => undefined, text: (id) => (id === 7 ? text : undefined) } });
      const decoded = codec.decode(topic, Buffer.from(`0000000007${hex.slice(HEADER_DIGITS)}`, 'hex'));
      expect(decoded.ok && inCommon(readableFields(decoded.value), written[topic]?.fields)).toBe(true);
    },
  );
});

test.each(versions)('every recorded version of $topic has a record here', ({ topic, recorded }) => {
  const written = files.flatMap((file) => fixture(file)[topic]?.hex.slice(0, HEADER_DIGITS) ?? []);
  expect(recorded.length).toBeGreaterThan(0);
  for (const text of recorded) expect(written).toContain(headerOf(text));
});

function fixture(file: string): Readonly<Record<string, WrittenRecord>> {
  return JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'));
}

function versionThatWrote(topic: string, hex: string): string | undefined {
  const recorded = versions.find((one) => one.topic === topic)?.recorded ?? [];
  return recorded.findLast((text) => headerOf(text) === hex.slice(0, HEADER_DIGITS));
}

function headerOf(text: string): string {
  return Buffer.from(topicCodec(text, []).singleObjectHeader).toString('hex');
}

/** Fields of both must be equal; a later schema may have added some and dropped some. */
function inCommon(decoded: unknown, written: unknown): boolean {
  if (Array.isArray(decoded) && Array.isArray(written)) {
    return decoded.length === written.length && decoded.every((item, index) => inCommon(item, written[index]));
  }
  if (!isObject(decoded) || !isObject(written)) return decoded === written;
  const names = Object.keys(decoded).filter((name) => Object.hasOwn(written, name));
  return names.length > 0 && names.every((name) => inCommon(decoded[name], written[name]));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isTopicName(text: string): text is TopicName {
  return Object.hasOwn(SCHEMA_TEXTS, text);
}
