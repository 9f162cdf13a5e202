// A broker that dies, freezes, comes back: what the reader tells, and that it goes on.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { silentTelemetry } from '../../../../runtime/contracts/telemetry.ts';
import { type ClusterReader, openClusterReader } from '../../../../runtime/log/kafka/cluster-reader.ts';
import { kafkaClient, kafkaErrorCode } from '../../../../runtime/log/kafka/kafka-client.ts';
import type { KafkaConnection } from '../../../../runtime/log/kafka/kafka-options.ts';
import { ownBrokersAvailable } from '../../../kafka/broker.ts';
import { type OwnBroker, ownBroker } from '../../../kafka/own-broker.ts';
import { hasTool } from '../../../requirements.ts';
import { connectionTo, createTopics } from './transport-under-test.ts';

const available = (await ownBrokersAvailable()) && hasTool('openssl');
const TOPIC = 'faults';
const ASK = [{ topic: TOPIC, partition: 0, offset: 0n, maxBytes: 10_000 }];
const WAIT = { maxWaitMs: 100, minBytes: 1 };

describe.skipIf(!available)('a broker in trouble', () => {
  const opened: AsyncDisposable[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
  });

  async function brokerWithRecords(): Promise<{ readonly broker: OwnBroker; readonly reader: ClusterReader }> {
    const broker = await ownBroker();
    opened.push(broker);
    const connection = { ...connectionTo(broker.bootstrap), requestTimeoutMs: 1_500 };
    await withRecord(connection);
    const reader = await openClusterReader(connection, silentTelemetry);
    opened.push(reader);
    expect(await values(reader)).toEqual(['kept']);
    return { broker, reader };
  }

  test('a killed broker rejects what waits, with an error of the client; when it is back the same reader goes on', async () => {
    const { broker, reader } = await brokerWithRecords();
    const waiting = reader.fetch([{ topic: TOPIC, partition: 0, offset: 1n, maxBytes: 1_000 }], {
      maxWaitMs: 20_000,
      minBytes: 1,
    });
    const rejected = expect(waiting).rejects.toSatisfy((error) => /^(ECONN|KafkaJSConn)/.test(kafkaErrorCode(error)));
    await broker.kill();
    await rejected;
    await expect(values(reader)).rejects.toSatisfy((error) => kafkaErrorCode(error) === 'ECONNREFUSED');
    await broker.start();
    await vi.waitFor(async () => expect(await values(reader)).toEqual(['kept']), { timeout: 20_000, interval: 200 });
    expect((await reader.offsets([TOPIC], 'high')).get(TOPIC)).toEqual([1n]);
  });

  test('a frozen broker rejects by the time-out, and its socket is not used again', async () => {
    const { broker, reader } = await brokerWithRecords();
    broker.freeze();
    await expect(values(reader)).rejects.toMatchObject({ name: 'KafkaJSRequestTimeoutError' });
    const beforeMs = performance.now();
    const waiting = reader.fetch(ASK, { maxWaitMs: 20_000, minBytes: 1 }).catch(() => 'rejected');
    await reader[Symbol.asyncDispose]();
    expect(await waiting).toBe('rejected');
    expect(performance.now() - beforeMs).toBeLessThan(1_500);
    broker.thaw();
  });

  test('TLS with a client certificate and each SASL mechanism are spoken, wrong passwords and unknown authorities refused', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'studybridge-tls-'));
    const files = certificates(folder);
    rmSync(folder, { recursive: true, force: true });
    const line = (text: string) => text.trimEnd().split('\n').join('\\n');
    const broker = await ownBroker({
      protocol: 'SASL_SSL',
      format: ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((name) => [
        '--add-scram',
        `${name}=[name=bridge,password=secret]`,
      ]),
      properties: {
        'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
        'listener.name.clients.plain.sasl.jaas.config':
          'org.apache.kafka.common.security.plain.PlainLoginModule required user_bridge="secret";',
        ...Object.fromEntries(
          ['256', '512'].map((bits) => [
            `listener.name.clients.scram-sha-${bits}.sasl.jaas.config`,
            'org.apache.kafka.common.security.scram.ScramLoginModule required;',
          ]),
        ),
        'listener.name.clients.ssl.client.auth': 'required',
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.certificate.chain': line(files.certificate),
        'ssl.keystore.key': line(files.key),
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.certificates': line(files.authority),
      },
    });
    opened.push(broker);
    await withRecord(connectionTo(broker.insideBootstrap));
    const tls = {
      authorities: files.authority,
      certificate: files.certificate,
      key: files.key,
      keyPassphrase: undefined,
    };
    const plain = { ...connectionTo(broker.bootstrap), tls };
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
      const sasl = { mechanism, username: 'bridge', password: 'secret' };
      const reader = await openClusterReader({ ...plain, sasl }, silentTelemetry);
      opened.push(reader);
      expect(await values(reader)).toEqual(['kept']);
      const wrong = openClusterReader({ ...plain, sasl: { ...sasl, password: 'wrong' } }, silentTelemetry);
      await expect(wrong).rejects.toSatisfy((error) => kafkaErrorCode(error) === 'KafkaJSSASLAuthenticationError');
    }
    const sasl = { mechanism: 'plain', username: 'bridge', password: 'secret' } as const;
    const stranger = openClusterReader({ ...plain, sasl, tls: { ...tls, authorities: undefined } }, silentTelemetry);
    await expect(stranger).rejects.toSatisfy((error) => /^(DEPTH_ZERO|SELF_SIGNED|UNABLE)/.test(kafkaErrorCode(error)));
  });
});

async function values(reader: ClusterReader): Promise<readonly string[]> {
  const answers = await reader.fetch(ASK, WAIT);
  return answers.flatMap(({ records }) => records.map(({ value }) => `${value}`));
}

async function withRecord(connection: KafkaConnection): Promise<void> {
  const kafka = kafkaClient({ ...connection, requestTimeoutMs: 10_000 }, silentTelemetry);
  const admin = kafka.admin();
  await admin.connect();
  await createTopics(admin, [{ topic: TOPIC, numPartitions: 1 }]);
  await admin.disconnect();
  const producer = kafka.producer({ createPartitioner: () => () => 0 });
  await producer.connect();
  await producer.send({ topic: TOPIC, acks: -1, messages: [{ value: 'kept' }] });
  await producer.disconnect();
}

/** One self-signed pair that is its own authority, for 127.0.0.1. */
function certificates(folder: string) {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const out = ['-keyout', key, '-out', certificate, '-days', '2'];
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...names, ...out]);
  if (made.status !== 0) throw new Error('openssl made no certificate');
  const text = readFileSync(certificate, 'utf8');
  return { key: readFileSync(key, 'utf8'), certificate: text, authority: text };
}
