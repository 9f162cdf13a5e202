// The options of Kafka and the registry: what the variables set, and what contradicts what.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Configuration } from '../../../runtime/config/configuration.ts';
import { ConfigurationError, type ConfigurationFault } from '../../../runtime/config/configuration-fault.ts';
import { loadConfiguration } from '../../../runtime/config/load-configuration.ts';
import { OPTION_ROWS } from '../../../runtime/config/option-table.ts';

const SECRET = 'S3cret-S3cret-S3cret';
const BROKERS = { KAFKA_BROKERS: 'one.example:9092' };

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'studybridge-kafka-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(environment: Record<string, string> = {}, yaml?: string): Configuration {
  if (yaml !== undefined) writeFileSync(join(folder, 'studybridge.yaml'), yaml);
  return loadConfiguration({ environment, directory: folder }).configuration;
}

function faultsOf(environment: Record<string, string>, yaml?: string): readonly ConfigurationFault[] {
  try {
    load(environment, yaml);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
}

const keysOf = (faults: readonly ConfigurationFault[]) => faults.map(({ key }) => key).sort();

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('KAFKA_BROKERS', () => {
  test('absent, leaves the bridge on the embedded log', () => {
    expect(load()).toMatchObject({ kafka: undefined, schemaRegistry: undefined, log: { taskSharePercent: 10 } });
  });

  test('switches to Kafka, with the defaults measured for a quick hand-over', () => {
    const { kafka } = load({ KAFKA_BROKERS: 'one.example:9092, two.example:9093' });
    expect(kafka).toMatchObject({
      connection: { brokers: ['one.example:9092', 'two.example:9093'], clientId: 'studybridge', tls: undefined },
      layout: { topicPrefix: '', partitions: 4, replicationFactor: 3, minInSyncReplicas: 2 },
      tuning: {
        appendTimeoutMs: 30_000,
        transactionTimeoutMs: 20_000,
        sessionTimeoutMs: 6000,
        rebalanceTimeoutMs: 6000,
        heartbeatIntervalMs: 500,
        fetchStalledMs: 60_000,
      },
      spool: { enabled: false, onContradiction: 'refuse' },
    });
  });

  test('wins over the brokers of the file', () => {
    const { kafka } = load(BROKERS, 'kafka: { brokers: ["other.example:9092"] }');
    expect(kafka?.connection.brokers).toEqual(['one.example:9092']);
  });

  test('is a fault for a broker without a port', () => {
    const faults = faultsOf({ KAFKA_BROKERS: 'one.example:9092,two.example' });
    expect(keysOf(faults)).toEqual(['KAFKA_BROKERS']);
    expect(faults[0]).toMatchObject({ value: '"two.example"', expectation: 'host:port' });
  });

  test('with one broker takes a replication factor of 1, and then one replica is in sync', () => {
    const { kafka } = load({ ...BROKERS, STUDYBRIDGE_KAFKA_REPLICATION_FACTOR: '1' });
    expect(kafka?.layout).toMatchObject({ replicationFactor: 1, minInSyncReplicas: 1 });
  });
});

test('every option of Kafka and of the registry is a variable too', () => {
  const without = OPTION_ROWS.filter(
    ({ path, kind, variable }) =>
      (path[0] === 'kafka' || path[0] === 'schemaRegistry') &&
      kind !== 'section' &&
      path.at(-1) !== '[]' &&
      variable === undefined,
  );
  expect(without).toEqual([]);
});

describe('a login and certificates', () => {
  test('come from variables and files', () => {
    const { kafka, schemaRegistry } = load({
      ...BROKERS,
      STUDYBRIDGE_KAFKA_TLS: 'true',
      STUDYBRIDGE_KAFKA_CA_FILE: written('ca.pem', 'CA'),
      STUDYBRIDGE_KAFKA_CERTIFICATE_FILE: written('cert.pem', 'CERT'),
      STUDYBRIDGE_KAFKA_KEY_FILE: written('key.pem', 'KEY'),
      STUDYBRIDGE_KAFKA_KEY_PASSPHRASE: 'passphrase',
      STUDYBRIDGE_KAFKA_SASL_MECHANISM: 'scram-sha-512',
      STUDYBRIDGE_KAFKA_USERNAME: 'bridge',
      STUDYBRIDGE_KAFKA_PASSWORD_FILE: written('password', `${SECRET}\n`),
      SCHEMA_REGISTRY_URL: 'https://registry.example/',
      STUDYBRIDGE_SCHEMA_REGISTRY_USERNAME: 'reader',
      STUDYBRIDGE_SCHEMA_REGISTRY_PASSWORD: SECRET,
    });
    expect(kafka?.connection).toMatchObject({
      tls: { authorities: 'CA', certificate: 'CERT', key: 'KEY', keyPassphrase: 'passphrase' },
      sasl: { mechanism: 'scram-sha-512', username: 'bridge', password: SECRET },
    });
    expect(schemaRegistry).toEqual({
      url: 'https://registry.example',
      mode: 'register',
      username: 'reader',
      password: SECRET,
      authorities: undefined,
    });
  });

  test('contradict one another in faults that are told together and hold no secret', () => {
    const faults = faultsOf({
      ...BROKERS,
      STUDYBRIDGE_KAFKA_TLS: 'true',
      STUDYBRIDGE_KAFKA_KEY_FILE: written('key.pem', 'KEY'),
      STUDYBRIDGE_KAFKA_SASL_MECHANISM: 'plain',
      STUDYBRIDGE_KAFKA_HEARTBEAT_INTERVAL_MS: '5000',
      STUDYBRIDGE_KAFKA_TRANSACTION_TIMEOUT_MS: '5000',
      STUDYBRIDGE_KAFKA_FETCH_STALLED_MS: '30000',
      STUDYBRIDGE_KAFKA_REPLICATION_FACTOR: '2',
      STUDYBRIDGE_KAFKA_MIN_IN_SYNC_REPLICAS: '3',
      STUDYBRIDGE_KAFKA_MAX_RECORD_BYTES: '1048576',
      STUDYBRIDGE_HL7_PORT: 'abc',
      SCHEMA_REGISTRY_URL: `https://user:${SECRET}@registry.example`,
      STUDYBRIDGE_SCHEMA_REGISTRY_PASSWORD: SECRET,
    });
    expect(keysOf(faults)).toEqual([
      'SCHEMA_REGISTRY_URL',
      'STUDYBRIDGE_HL7_PORT',
      'STUDYBRIDGE_KAFKA_CERTIFICATE_FILE',
      'STUDYBRIDGE_KAFKA_FETCH_STALLED_MS',
      'STUDYBRIDGE_KAFKA_HEARTBEAT_INTERVAL_MS',
      'STUDYBRIDGE_KAFKA_MAX_RECORD_BYTES',
      'STUDYBRIDGE_KAFKA_MIN_IN_SYNC_REPLICAS',
      'STUDYBRIDGE_KAFKA_PASSWORD',
      'STUDYBRIDGE_KAFKA_TRANSACTION_TIMEOUT_MS',
      'STUDYBRIDGE_KAFKA_USERNAME',
      'STUDYBRIDGE_SCHEMA_REGISTRY_USERNAME',
    ]);
    expect(JSON.stringify(faults)).not.toContain(SECRET);
  });

  test.each([
    [{ STUDYBRIDGE_KAFKA_CA_FILE: 'ca.pem' }, 'kafka.tls.enabled'],
    [{ STUDYBRIDGE_KAFKA_USERNAME: 'bridge' }, 'kafka.sasl.mechanism'],
    [{ STUDYBRIDGE_KAFKA_PASSWORD: SECRET }, 'kafka.sasl.mechanism'],
    [{ STUDYBRIDGE_KAFKA_PASSWORD: SECRET, STUDYBRIDGE_KAFKA_PASSWORD_FILE: 'p' }, 'STUDYBRIDGE_KAFKA_PASSWORD_FILE'],
    [{ STUDYBRIDGE_KAFKA_TLS: 'true', STUDYBRIDGE_KAFKA_CA_FILE: 'absent.pem' }, 'STUDYBRIDGE_KAFKA_CA_FILE'],
  ])('%o is one fault, of %s', (environment, key) => {
    expect(keysOf(faultsOf({ ...BROKERS, ...environment }))).toEqual([key]);
  });
});

describe('without Kafka', () => {
  test('a spool and a registry are faults', () => {
    expect(keysOf(faultsOf({ STUDYBRIDGE_KAFKA_SPOOL: 'true' }))).toEqual(['STUDYBRIDGE_KAFKA_SPOOL']);
    expect(keysOf(faultsOf({ SCHEMA_REGISTRY_URL: 'http://127.0.0.1:8081' }))).toEqual(['SCHEMA_REGISTRY_URL']);
  });

  test('a short retention is none, since the embedded log deletes nothing that was not read', () => {
    const yaml = 'retentionDays: { "hl7.messages": 1 }';
    expect(faultsOf({}, yaml)).toEqual([]);
    expect(keysOf(faultsOf(BROKERS, yaml))).toEqual(['retentionDays["hl7.messages"]']);
  });
});
