// Records of other clients: the Java console producer and kcat, with each compression; and kcat reads what we write.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentTelemetry } from '../../../../runtime/contracts/telemetry.ts';
import { type ClusterReader, openClusterReader } from '../../../../runtime/log/kafka/cluster-reader.ts';
import { COMPRESSION_TYPES } from '../../../../runtime/log/kafka/compression-codecs.ts';
import { kafkaClient } from '../../../../runtime/log/kafka/kafka-client.ts';
import { kafkaBroker, ownBrokersAvailable, randomPrefix } from '../../../kafka/broker.ts';
import { mavenFiles } from '../../../kafka/maven-files.ts';
import { KAFKA_VERSIONS } from '../../../kafka/own-broker.ts';
import { hasTool } from '../../../requirements.ts';
import { connectionTo, createTopics } from './transport-under-test.ts';

const COMPRESSIONS = ['gzip', 'snappy', 'lz4', 'zstd'] as const;
const RECORDS = 300;
const broker = await kafkaBroker();
const java = broker.available && (await ownBrokersAvailable());
/** The console tools are no dependency of the broker. */
const toolJars = java
  ? await mavenFiles(`kafka-tools-${KAFKA_VERSIONS[0]}`, [
      { group: 'org.apache.kafka', name: 'kafka-tools', version: KAFKA_VERSIONS[0] },
    ])
  : '';
const kcat = hasTool('kcat');

describe.skipIf(!broker.available)('records of other clients', () => {
  const prefix = randomPrefix();
  const topicOf = (writer: string, compression: string) => `${prefix}${writer}.${compression}`;
  let reader: ClusterReader | undefined;

  beforeAll(async () => {
    const connection = connectionTo(broker.bootstrap);
    const admin = kafkaClient(connection, silentTelemetry).admin();
    await admin.connect();
    const topics = ['java', 'kcat', 'ours'].flatMap((writer) => COMPRESSIONS.map((name) => topicOf(writer, name)));
    await createTopics(
      admin,
      topics.map((topic) => ({ topic, numPartitions: 1 })),
    );
    await admin.disconnect();
    reader = await openClusterReader(connection, silentTelemetry);
  });
  afterAll(async () => {
    await reader?.[Symbol.asyncDispose]();
  });

  const written = Array.from({ length: RECORDS }, (_, index) => ({
    key: `north/${index}`,
    value: `检查 ${index} `.repeat(index % 50).trimEnd() || 'empty',
    headers: { site: 'north', trace: `t-${index}` },
  }));

  async function expectAll(topic: string): Promise<void> {
    const found: unknown[] = [];
    let bytes = 0;
    for (let offset = 0n; found.length < RECORDS; ) {
      const ask = [{ topic, partition: 0, offset, maxBytes: 100_000 }];
      const answer = (await reader?.fetch(ask, { maxWaitMs: 2_000, minBytes: 1 }))?.[0];
      if (answer === undefined || answer.bytes === 0) throw new Error('records are missing');
      for (const { key, value, headers } of answer.records) {
        found.push({ key: `${key}`, value: `${value}`, headers: Object.fromEntries(headers) });
      }
      offset = answer.next;
      bytes += answer.bytes;
    }
    expect(found).toEqual(written);
    // It was compressed indeed.
    expect(bytes).toBeLessThan(written.reduce((sum, { value }) => sum + Buffer.byteLength(value), 0) / 3);
  }

  test.skipIf(!java).each(COMPRESSIONS)('what the Java console producer wrote with %s is read', async (name) => {
    const topic = topicOf('java', name);
    const lines = written.map(
      ({ key, value, headers }) => `site:${headers.site},trace:${headers.trace}\t${key}\t${value}`,
    );
    const properties = ['parse.key=true', 'parse.headers=true', 'key.separator=\t', 'headers.key.separator=:'];
    await runJava(
      'ConsoleProducer',
      [
        ...['--bootstrap-server', broker.bootstrap, '--topic', topic, '--compression-codec', name],
        ...properties.flatMap((property) => ['--property', property]),
      ],
      `${lines.join('\n')}\n`,
    );
    await expectAll(topic);
  });

  test.skipIf(!kcat).each(COMPRESSIONS)('what kcat wrote with %s is read', async (name) => {
    const topic = topicOf('kcat', name);
    // kcat sets headers for all records of a call: here for none, so they are compared apart.
    const lines = written.map(({ key, value }) => `${key}\t${value}`);
    const target = ['-b', broker.bootstrap, '-t', topic, '-p', '0', '-z', name];
    await run('kcat', ['-P', ...target, '-K', '\t', '-H', 'site=north'], `${lines.join('\n')}\n`);
    const ask = [{ topic, partition: 0, offset: 0n, maxBytes: 10_000_000 }];
    const answer = (await reader?.fetch(ask, { maxWaitMs: 2_000, minBytes: 1 }))?.[0];
    expect(answer?.records.map(({ key, value, headers }) => [`${key}`, `${value}`, headers.get('site')])).toEqual(
      written.map(({ key, value }) => [key, value, 'north']),
    );
  });

  test.skipIf(!kcat).each(COMPRESSIONS)('what we wrote with %s is read by kcat', async (name) => {
    const topic = topicOf('ours', name);
    const producer = kafkaClient(connectionTo(broker.bootstrap), silentTelemetry).producer({
      createPartitioner: () => () => 0,
    });
    await producer.connect();
    await producer.send({ topic, acks: -1, compression: COMPRESSION_TYPES[name], messages: written });
    await producer.disconnect();
    const target = ['-b', broker.bootstrap, '-t', topic, '-p', '0'];
    const output = await run('kcat', ['-C', ...target, '-e', '-q', '-X', 'check.crcs=true', '-f', '%h\t%k\t%s\n'], '');
    expect(output.trimEnd().split('\n')).toEqual(
      written.map(({ key, value, headers }) => `site=${headers.site},trace=${headers.trace}\t${key}\t${value}`),
    );
    await expectAll(topic);
  });

  test.skipIf(!java || !kcat)('what we wrote with each compression is read by the Java console consumer', async () => {
    const count = String(RECORDS * COMPRESSIONS.length);
    const output = await runJava(
      'consumer.ConsoleConsumer',
      [
        ...['--bootstrap-server', broker.bootstrap, '--include', `${prefix.replace('.', '\\.')}ours\\..*`],
        ...['--from-beginning', '--max-messages', count, '--timeout-ms', '20000'],
        ...['--property', 'print.key=true', '--property', 'print.headers=true'],
      ],
      '',
    );
    const expected = written.map(
      ({ key, value, headers }) => `site:${headers.site},trace:${headers.trace}\t${key}\t${value}`,
    );
    expect(output.trimEnd().split('\n').sort()).toEqual(COMPRESSIONS.flatMap(() => expected).sort());
  });
});

async function runJava(tool: string, args: readonly string[], input: string): Promise<string> {
  const options = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Dfile.encoding=UTF-8'];
  return await run('java', [...options, '-cp', join(toolJars, '*'), `org.apache.kafka.tools.${tool}`, ...args], input);
}

async function run(command: string, args: readonly string[], input: string): Promise<string> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  child.stdin.end(input);
  const [output, complaints, code] = await Promise.all([text(child.stdout), buffer(child.stderr), ended]);
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${complaints.subarray(0, 2_000)}`);
  return output;
}
