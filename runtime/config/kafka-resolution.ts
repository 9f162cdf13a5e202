// From the options of Kafka and the registry to what the log is opened with: secrets read, options held against one another.
import type { TopicName } from '../../schemas/records.ts';
import { TOPICS } from '../../schemas/topics.ts';
import type { KafkaConnection, KafkaLayout, KafkaSasl, KafkaTls, KafkaTuning } from '../log/kafka/kafka-options.ts';
import { MASKED } from './configuration-fault.ts';
import type { ConfigurationFile } from './configuration-file.ts';
import {
  KAFKA_KEY_PASSPHRASE_VARIABLE,
  KAFKA_PASSWORD_VARIABLE,
  REGISTRY_PASSWORD_VARIABLE,
} from './configuration-source.ts';
import type { KafkaSection } from './kafka-section.ts';
import { type Faults, fileText, type Surroundings, secretText } from './secret-text.ts';

export interface KafkaConfiguration {
  readonly connection: KafkaConnection;
  readonly layout: KafkaLayout;
  readonly tuning: KafkaTuning;
  /** Connectors acknowledge after their own disk's flush and forward. */
  readonly spool: Readonly<KafkaSection['spool']>;
}

export interface RegistryConfiguration {
  /** Without a slash at the end. */
  readonly url: string;
  readonly mode: 'register' | 'lookup';
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** PEM. */
  readonly authorities: string | undefined;
}

const MEBIBYTE = 1024 * 1024;
const DAY_MS = 86_400_000;
/** Kafka deletes by age, read or not: a bridge that stood still over a long weekend must find its input. */
const INPUT_RETENTION_DAYS_MIN = 3;

/** Undefined: the embedded log. The options are checked all the same. */
export function resolveKafka(
  file: ConfigurationFile,
  retentionMs: Readonly<Partial<Record<TopicName, number>>>,
  around: Surroundings,
  faults: Faults,
): KafkaConfiguration | undefined {
  const { kafka } = file;
  checkTimes(kafka, faults);
  const minInSyncReplicas = kafka.minInSyncReplicas ?? Math.max(1, kafka.replicationFactor - 1);
  if (minInSyncReplicas > kafka.replicationFactor) {
    faults.add(['kafka', 'minInSyncReplicas'], minInSyncReplicas, 'at most kafka.replicationFactor');
  }
  if (kafka.maxRecordBytes < file.hl7.maxFrameBytes + MEBIBYTE) {
    const expectation = 'at least hl7.maxFrameBytes and 1048576 for what is recorded with a message';
    faults.add(['kafka', 'maxRecordBytes'], kafka.maxRecordBytes, expectation);
  }
  const tls = resolveTls(kafka.tls, around, faults);
  const sasl = resolveSasl(kafka.sasl, around, faults);
  if (kafka.brokers === undefined) return undefined;
  checkRetention(file.retentionDays, faults);
  return {
    connection: {
      brokers: kafka.brokers,
      clientId: kafka.clientId,
      rack: kafka.rack,
      tls,
      sasl,
      connectionTimeoutMs: kafka.connectionTimeoutMs,
      requestTimeoutMs: kafka.requestTimeoutMs,
    },
    layout: {
      topicPrefix: kafka.topicPrefix,
      partitions: kafka.partitions,
      replicationFactor: kafka.replicationFactor,
      minInSyncReplicas,
      retentionMs,
      recordBytesMax: kafka.maxRecordBytes,
    },
    tuning: {
      compression: kafka.compression,
      appendTimeoutMs: kafka.appendTimeoutMs,
      transactionTimeoutMs: kafka.transactionTimeoutMs,
      sessionTimeoutMs: kafka.sessionTimeoutMs,
      rebalanceTimeoutMs: kafka.rebalanceTimeoutMs,
      heartbeatIntervalMs: kafka.heartbeatIntervalMs,
      fetchStalledMs: kafka.fetchStalledMs,
    },
    spool: kafka.spool,
  };
}

function checkTimes(kafka: KafkaSection, faults: Faults): void {
  const { heartbeatIntervalMs, sessionTimeoutMs, transactionTimeoutMs, fetchStalledMs, requestTimeoutMs } = kafka;
  // One lost heartbeat must not cost a process its partitions; three thirds are the client's own advice.
  if (heartbeatIntervalMs * 3 > sessionTimeoutMs) {
    faults.add(['kafka', 'heartbeatIntervalMs'], heartbeatIntervalMs, 'at most a third of kafka.sessionTimeoutMs');
  }
  // Else the brokers abort the transaction of an owner that still counts as alive.
  if (transactionTimeoutMs < sessionTimeoutMs) {
    faults.add(['kafka', 'transactionTimeoutMs'], transactionTimeoutMs, 'at least kafka.sessionTimeoutMs');
  }
  // One request that is lost with its connection is no stall.
  if (fetchStalledMs <= requestTimeoutMs) {
    faults.add(['kafka', 'fetchStalledMs'], fetchStalledMs, 'more than kafka.requestTimeoutMs');
  }
}

function checkRetention(days: ConfigurationFile['retentionDays'], faults: Faults): void {
  for (const [topic, kept] of Object.entries(days)) {
    const isInput = topic === 'hl7.messages' || topic === 'dicom.instances' || topic === 'cloud.requests';
    if (!isInput || kept >= INPUT_RETENTION_DAYS_MIN) continue;
    const expectation = `at least ${INPUT_RETENTION_DAYS_MIN} days: Kafka deletes what is older, read or not`;
    faults.add(['retentionDays', topic], kept, expectation);
  }
}

function resolveTls(file: KafkaSection['tls'], around: Surroundings, faults: Faults): KafkaTls | undefined {
  const at = (key: string): readonly string[] => ['kafka', 'tls', key];
  const named = [file.caFile, file.certificateFile, file.keyFile, file.keyPassphraseFile];
  if (!file.enabled) {
    // Whoever names certificates does not expect plain text.
    if (named.some((name) => name !== undefined))
      faults.add(at('enabled'), false, 'true, since certificates are named');
    return undefined;
  }
  if (file.certificateFile !== undefined && file.keyFile === undefined) {
    faults.addMissing(at('keyFile'), 'the private key of kafka.tls.certificateFile');
  }
  if (file.keyFile !== undefined && file.certificateFile === undefined) {
    faults.addMissing(at('certificateFile'), 'the certificate of kafka.tls.keyFile');
  }
  const passphrase = { variable: KAFKA_KEY_PASSPHRASE_VARIABLE, path: at('keyPassphraseFile') };
  return {
    authorities: fileText(at('caFile'), file.caFile, around, faults),
    certificate: fileText(at('certificateFile'), file.certificateFile, around, faults),
    key: fileText(at('keyFile'), file.keyFile, around, faults),
    keyPassphrase: secretText({ ...passphrase, file: file.keyPassphraseFile }, around, faults),
  };
}

function resolveSasl(file: KafkaSection['sasl'], around: Surroundings, faults: Faults): KafkaSasl | undefined {
  const at = (key: string): readonly string[] => ['kafka', 'sasl', key];
  const secret = { variable: KAFKA_PASSWORD_VARIABLE, path: at('passwordFile'), file: file.passwordFile };
  const password = secretText(secret, around, faults);
  if (file.mechanism === 'none') {
    if (file.username !== undefined || password !== undefined) {
      faults.add(at('mechanism'), file.mechanism, 'one of plain, scram-sha-256, scram-sha-512, since a login is given');
    }
    return undefined;
  }
  if (file.username === undefined) faults.addMissing(at('username'), 'the user at the brokers');
  if (password === undefined && file.passwordFile === undefined) {
    faults.addVariable(KAFKA_PASSWORD_VARIABLE, '(missing)', `the password, or ${KAFKA_PASSWORD_VARIABLE}_FILE`);
  }
  if (file.username === undefined || password === undefined) return undefined;
  return { mechanism: file.mechanism, username: file.username, password };
}

/** `kafka`: whether brokers are named, rightly or not. */
export function resolveRegistry(
  { schemaRegistry: file }: ConfigurationFile,
  kafka: boolean,
  around: Surroundings,
  faults: Faults,
): RegistryConfiguration | undefined {
  const at = (key: string): readonly string[] => ['schemaRegistry', key];
  const secret = { variable: REGISTRY_PASSWORD_VARIABLE, path: at('passwordFile'), file: file.passwordFile };
  const password = secretText(secret, around, faults);
  const authorities = fileText(at('caFile'), file.caFile, around, faults);
  if (file.username !== undefined && password === undefined && file.passwordFile === undefined) {
    const expectation = `the password, or ${REGISTRY_PASSWORD_VARIABLE}_FILE`;
    faults.addVariable(REGISTRY_PASSWORD_VARIABLE, '(missing)', expectation);
  }
  if (password !== undefined && file.username === undefined)
    faults.addMissing(at('username'), 'the user at the registry');
  if (file.url === undefined) return undefined;
  const url = registryUrl(file.url, faults);
  if (!kafka) faults.add(at('url'), undefined, 'not set without kafka.brokers: the embedded log needs none', MASKED);
  if (url === undefined) return undefined;
  return { url, mode: file.mode, username: file.username, password, authorities };
}

function registryUrl(text: string, faults: Faults): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && url.username === '' && url.password === '' && url.search === '' && url.hash === '') {
    return url.href.replace(/\/+$/, '');
  }
  const expectation = 'an http or https address without credentials, query and fragment';
  faults.add(['schemaRegistry', 'url'], undefined, expectation, MASKED);
  return undefined;
}

/** Retentions are options in days. */
export function retentionOf(days: ConfigurationFile['retentionDays']): Readonly<Partial<Record<TopicName, number>>> {
  const retentionMs: Partial<Record<TopicName, number>> = {};
  for (const [topic, kept] of Object.entries(days)) {
    if (isTopic(topic)) retentionMs[topic] = kept * DAY_MS;
  }
  return retentionMs;
}

function isTopic(name: string): name is TopicName {
  return Object.hasOwn(TOPICS, name);
}
