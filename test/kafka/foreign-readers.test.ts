// Others read us: kcat the keys, headers and raw values, a Python client the fields by the registry's ids.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crc64Avro } from '../../codecs/avro/fingerprint.ts';
import { readableFields, type WrittenRecord } from '../../codecs/avro/generate/version-fixture.ts';
import { singleObjectCodec } from '../../codecs/avro/record-codec.ts';
import { canonicalSchema } from '../../codecs/avro/writer-schema.ts';
import { silentTelemetry } from '../../runtime/contracts/telemetry.ts';
import { partitionFor } from '../../runtime/log/kafka/partitioner.ts';
import { openSchemaRegistry, type SchemaRegistry } from '../../runtime/registry/schema-registry.ts';
import type { Entry, Position } from '../../schemas/record-entry.ts';
import { SCHEMA_TEXTS, type TopicName } from '../../schemas/records.ts';
import { hasTool } from '../requirements.ts';
import { openTemporaryKafkaLog, type TemporaryKafkaLog } from '../runtime/log/kafka/temporary-kafka-log.ts';
import { kafkaBroker, randomPrefix } from './broker.ts';
import { pythonReader } from './python-reader.ts';
import { schemaRegistry } from './registry.ts';

const broker = await kafkaBroker();
const registry = await schemaRegistry();
const python = await pythonReader();
const kcat = hasTool('kcat');
const TOPIC_NAMES = Object.keys(SCHEMA_TEXTS).filter(isTopicName);

interface AppendedRecord {
  readonly entry: Entry;
  readonly fields: unknown;
  readonly position: Position;
}

interface KcatRecord {
  readonly key: string;
  readonly headers: string;
  readonly partition: number;
  /** Hex. */
  readonly value: string;
}

describe.skipIf(!broker.available || !registry.available || !kcat)('other clients', () => {
  const prefix = randomPrefix();
  const appended = new Map<TopicName, readonly AppendedRecord[]>();
  const read = new Map<TopicName, readonly KcatRecord[]>();
  let kafka: TemporaryKafkaLog;
  let schemas: SchemaRegistry;

  beforeAll(async () => {
    kafka = await openTemporaryKafkaLog({ brokers: [broker.bootstrap], prefix });
    const account = { url: registry.url, username: undefined, password: undefined, authorities: undefined };
    schemas = await openSchemaRegistry({
      ...account,
      topicPrefix: prefix,
      mode: 'register',
      telemetry: silentTelemetry,
    });
    for (const topic of TOPIC_NAMES) {
      appended.set(topic, await appendedRecords(topic));
      read.set(topic, await readByKcat(topic));
    }
  });
  afterAll(async () => {
    await schemas?.[Symbol.asyncDispose]();
    await kafka?.close();
  });

  test.each(TOPIC_NAMES)('other clients: kcat reads keys, headers and raw values of %s', async (topic) => {
    const found = read.get(topic) ?? [];
    const records = appended.get(topic) ?? [];
    expect(found).toEqual(
      inPartitions(records).map(({ entry, position }) => ({
        key: entry.key,
        headers: [...entry.headers].map(([name, header]) => `${name}=${header}`).join(','),
        partition: position.partition,
        value: Buffer.from(entry.value ?? []).toString('hex'),
      })),
    );
    for (const { entry, position } of records) expect(position.partition).toBe(partitionFor(entry.partitionKey, 2));
  });

  test.skipIf(!python.available)(
    'other clients: Python decodes every topic to the right values by the ids of the registry',
    async () => {
      const values = TOPIC_NAMES.flatMap((topic) => read.get(topic) ?? []).map(({ value }) =>
        Buffer.from(value, 'hex'),
      );
      const answers = await python.answers(
        registry.url,
        values.map((value) => ({ value })),
      );
      const fields = TOPIC_NAMES.flatMap((topic) => inPartitions(appended.get(topic) ?? []).map((one) => one.fields));
      expect(answers).toEqual(fields);
      expect(answers.length).toBe(3 * TOPIC_NAMES.length);
    },
  );

  test.skipIf(!python.available)('other clients: Python computes the same fingerprints of the schemas', async () => {
    const texts = TOPIC_NAMES.map((topic) => SCHEMA_TEXTS[topic]);
    const answers = await python.answers(
      registry.url,
      texts.map((schema) => ({ schema })),
    );
    expect(answers).toEqual(texts.map((schema) => crc64Avro(canonicalSchema(schema) ?? '').toString('hex')));
  });

  /** Three a topic, of two sites: one as every field may be, and two whose site is not ASCII. */
  async function appendedRecords(topic: TopicName): Promise<readonly AppendedRecord[]> {
    const folder = new URL('../codecs/avro/versions/', import.meta.url);
    const fixture: Readonly<Record<string, WrittenRecord>> = JSON.parse(
      readFileSync(new URL('0.1.0.json', folder), 'utf8'),
    );
    const decoded = singleObjectCodec().decode(topic, Buffer.from(fixture[topic]?.hex ?? '', 'hex'));
    if (!decoded.ok) throw new Error(decoded.failure.message);
    const sites = [decoded.value.site, '上海第一医院', '上海第二医院'];
    const records = sites.map((site) => ({ ...decoded.value, site }));
    const entries = records.map((record, index) =>
      schemas.codec.entry(topic, record, { trace: `00000000000000f${index}`, causation: 'hl7.messages/0/7' }),
    );
    const positions = await kafka.log.append(entries, AbortSignal.timeout(20_000));
    return entries.map((entry, index) => {
      const position = positions[index];
      if (position === undefined) throw new Error('an append gives a position an entry');
      return { entry, fields: readableFields(records[index]), position };
    });
  }

  /** All records of the topic, by partition and offset. */
  async function readByKcat(topic: TopicName): Promise<readonly KcatRecord[]> {
    const target = ['-b', broker.bootstrap, '-t', `${prefix}${topic}`];
    // %R: four bytes, the length of the value.
    const output = await run('kcat', ['-C', ...target, '-e', '-q', '-X', 'check.crcs=true', '-f', '%p\n%k\n%h\n%R%s']);
    const records: KcatRecord[] = [];
    for (let at = 0; at < output.length; ) {
      const line = (): string => {
        const end = output.indexOf('\n', at);
        const found = output.toString('utf8', at, end);
        at = end + 1;
        return found;
      };
      const [partition, key, headers] = [Number(line()), line(), line()];
      const end = at + 4 + output.readUInt32BE(at);
      records.push({ key, headers, partition, value: output.toString('hex', at + 4, end) });
      at = end;
    }
    // Stable: a partition's records come in their order.
    return records.sort((one, other) => one.partition - other.partition);
  }
});

function inPartitions(records: readonly AppendedRecord[]): readonly AppendedRecord[] {
  return [...records].sort(
    ({ position: one }, { position: other }) => one.partition - other.partition || Number(one.offset - other.offset),
  );
}

async function run(command: string, args: readonly string[]): Promise<Buffer> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const [output, complaints, code] = await Promise.all([buffer(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${complaints.slice(-2_000)}`);
  return output;
}

function isTopicName(name: string): name is TopicName {
  return Object.hasOwn(SCHEMA_TEXTS, name);
}
