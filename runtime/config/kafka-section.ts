// The options of the Kafka log: how to reach the brokers, how the topics are to be, times and sizes.
import * as z from 'zod';
import { choice, flag, integer, optionalInteger, optionalText, text } from './option.ts';

const MINUTE_MS = 60_000;
const MEBIBYTE = 1024 * 1024;
const NAME = /^[A-Za-z0-9._-]{1,100}$/;
const FILE = 'the path of a readable file';

/** `host:port`, `[fd00::1]:9092`. */
const BROKER = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):\d{1,5}$/;

const file = (variable: string, sentence: string, example: string) =>
  z.string().min(1).max(4096).optional().meta({ variable, sentence, expects: FILE, example });

const tls = z
  .strictObject({
    enabled: flag(false, { variable: 'STUDYBRIDGE_KAFKA_TLS', sentence: 'Whether the brokers are spoken to by TLS.' }),
    caFile: file(
      'STUDYBRIDGE_KAFKA_CA_FILE',
      'Certificate authorities (PEM) to trust for the brokers instead of the system’s.',
      '/etc/studybridge/kafka-ca.pem',
    ),
    certificateFile: file(
      'STUDYBRIDGE_KAFKA_CERTIFICATE_FILE',
      'Certificate (PEM) the bridge shows to the brokers.',
      '/etc/studybridge/kafka.pem',
    ),
    keyFile: file('STUDYBRIDGE_KAFKA_KEY_FILE', 'Private key (PEM) of that certificate.', '/run/secrets/kafka-key.pem'),
    keyPassphraseFile: file(
      'STUDYBRIDGE_KAFKA_KEY_PASSPHRASE_FILE',
      'File whose first line is the passphrase of the key; or the variable STUDYBRIDGE_KAFKA_KEY_PASSPHRASE holds it.',
      '/run/secrets/kafka-key-passphrase',
    ),
  })
  .prefault({})
  .meta({ sentence: 'TLS to the brokers.' });

const sasl = z
  .strictObject({
    mechanism: choice(['none', 'plain', 'scram-sha-256', 'scram-sha-512'], 'none', {
      variable: 'STUDYBRIDGE_KAFKA_SASL_MECHANISM',
      sentence: 'How the bridge logs in at the brokers.',
    }),
    username: optionalText(/^[\x20-\x7e]{1,200}$/, {
      variable: 'STUDYBRIDGE_KAFKA_USERNAME',
      sentence: 'User at the brokers.',
      expects: 'printable text',
      example: 'studybridge',
    }),
    passwordFile: file(
      'STUDYBRIDGE_KAFKA_PASSWORD_FILE',
      'File whose first line is the password; or the variable STUDYBRIDGE_KAFKA_PASSWORD holds it.',
      '/run/secrets/kafka-password',
    ),
  })
  .prefault({})
  .meta({ sentence: 'The login at the brokers.' });

const spool = z
  .strictObject({
    enabled: flag(false, {
      variable: 'STUDYBRIDGE_KAFKA_SPOOL',
      sentence:
        'Whether senders are told yes when the record is on the connectors’ own disk; it is forwarded to Kafka in order.',
    }),
    onContradiction: choice(['refuse', 'continue'], 'refuse', {
      variable: 'STUDYBRIDGE_KAFKA_SPOOL_ON_CONTRADICTION',
      sentence:
        'What to do when the Kafka cluster and the spool contradict one another on what was forwarded: forward nothing until a human decides, or go on behind what was forwarded. Senders are served either way.',
    }),
  })
  .prefault({})
  .meta({ sentence: 'Connectors at a site with a poor link to Kafka.' });

const layout = {
  topicPrefix: text('', /^[A-Za-z0-9._-]{0,100}$/, {
    variable: 'STUDYBRIDGE_KAFKA_TOPIC_PREFIX',
    sentence: 'Stands before the names of all topics, groups and transactional ids; the same for every role.',
    expects: 'at most 100 letters, digits, dots, hyphens and underscores',
  }),
  partitions: integer(
    { min: 1, max: 1000, default: 4 },
    {
      variable: 'STUDYBRIDGE_KAFKA_PARTITIONS',
      sentence:
        'Partitions of every topic: so many processes of a role can share the work. Never change it once topics are there.',
    },
  ),
  replicationFactor: integer(
    { min: 1, max: 15, default: 3 },
    {
      variable: 'STUDYBRIDGE_KAFKA_REPLICATION_FACTOR',
      sentence: 'Brokers that hold each record. With a single broker set it to 1.',
    },
  ),
  minInSyncReplicas: optionalInteger(
    { min: 1, max: 15 },
    {
      variable: 'STUDYBRIDGE_KAFKA_MIN_IN_SYNC_REPLICAS',
      sentence: 'Brokers that must hold a record before a sender is told yes.',
      defaultText: 'one less than replicationFactor, at least 1',
      example: 2,
    },
  ),
  maxRecordBytes: integer(
    { min: MEBIBYTE, max: 90 * MEBIBYTE, default: 50 * MEBIBYTE },
    {
      variable: 'STUDYBRIDGE_KAFKA_MAX_RECORD_BYTES',
      sentence: 'Longest record (max.message.bytes): a message with what was found in it, or a request made from it.',
    },
  ),
};

const tuning = {
  compression: choice(['none', 'gzip', 'snappy', 'lz4', 'zstd'], 'none', {
    variable: 'STUDYBRIDGE_KAFKA_COMPRESSION',
    sentence: 'Codec of what the bridge writes; it reads all of them.',
  }),
  connectionTimeoutMs: integer(
    { min: 100, max: 5 * MINUTE_MS, default: 5_000 },
    { variable: 'STUDYBRIDGE_KAFKA_CONNECTION_TIMEOUT_MS', sentence: 'Time a connection to a broker may take.' },
  ),
  requestTimeoutMs: integer(
    { min: 1_000, max: 5 * MINUTE_MS, default: 30_000 },
    { variable: 'STUDYBRIDGE_KAFKA_REQUEST_TIMEOUT_MS', sentence: 'Time a broker may take to answer a request.' },
  ),
  appendTimeoutMs: integer(
    { min: 1_000, max: 10 * MINUTE_MS, default: 30_000 },
    {
      variable: 'STUDYBRIDGE_KAFKA_APPEND_TIMEOUT_MS',
      sentence: 'Time the brokers may take to confirm an append; then its sender is treated as when the log is full.',
    },
  ),
  transactionTimeoutMs: integer(
    { min: 5_000, max: 15 * MINUTE_MS, default: 20_000 },
    {
      variable: 'STUDYBRIDGE_KAFKA_TRANSACTION_TIMEOUT_MS',
      sentence: 'How long the open transaction of a process that died may hold readers back.',
    },
  ),
  sessionTimeoutMs: integer(
    { min: 1_000, max: 30 * MINUTE_MS, default: 6_000 },
    {
      variable: 'STUDYBRIDGE_KAFKA_SESSION_TIMEOUT_MS',
      sentence:
        'A process silent for so long loses its partitions to others. Within the brokers’ group.min and group.max.session.timeout.ms.',
    },
  ),
  rebalanceTimeoutMs: integer(
    { min: 1_000, max: 30 * MINUTE_MS, default: 6_000 },
    {
      variable: 'STUDYBRIDGE_KAFKA_REBALANCE_TIMEOUT_MS',
      sentence: 'How long the processes of a role wait for one another when partitions are shared out.',
    },
  ),
  heartbeatIntervalMs: integer(
    { min: 100, max: MINUTE_MS, default: 500 },
    {
      variable: 'STUDYBRIDGE_KAFKA_HEARTBEAT_INTERVAL_MS',
      sentence: 'How often a process says that it lives; at most a third of sessionTimeoutMs.',
    },
  ),
  fetchStalledMs: integer(
    { min: 5_000, max: 60 * MINUTE_MS, default: 60_000 },
    {
      variable: 'STUDYBRIDGE_KAFKA_FETCH_STALLED_MS',
      sentence: 'A task that has had no answer from a broker for so long ends its process.',
    },
  ),
};

export const kafkaSection = z
  .strictObject({
    brokers: z
      .array(z.string().regex(BROKER).meta({ expects: 'host:port' }))
      .min(1)
      .max(100)
      .optional()
      .meta({
        variable: 'KAFKA_BROKERS',
        sentence:
          'Brokers to begin with; in the variable, separated by commas. With them the bridge runs on Kafka, without them on the embedded log.',
        expects: 'host:port of one or more brokers',
        example: ['kafka-1.example.org:9092', 'kafka-2.example.org:9092'],
      }),
    clientId: text('studybridge', NAME, {
      variable: 'STUDYBRIDGE_KAFKA_CLIENT_ID',
      sentence: 'Name of the bridge in the logs and quotas of the brokers.',
      expects: 'letters, digits, dots, hyphens and underscores',
    }),
    rack: optionalText(NAME, {
      variable: 'STUDYBRIDGE_KAFKA_RACK',
      sentence: 'Where this process stands: records are then read from a broker in the same rack.',
      expects: 'letters, digits, dots, hyphens and underscores',
      example: 'room-1',
    }),
    ...layout,
    ...tuning,
    spool,
    tls,
    sasl,
  })
  .prefault({})
  .meta({ sentence: 'Apache Kafka in place of the embedded log; every process of the bridge needs the same values.' });

export type KafkaSection = z.output<typeof kafkaSection>;
