// What the Kafka log is opened with: the connection, the layout of the topics, and times and sizes.
import type { RecordCodec } from '../../../codecs/avro/record-codec.ts';
import type { TopicName } from '../../../schemas/records.ts';
import type { Clock } from '../../contracts/clock.ts';
import type { SchemaLearner } from '../../contracts/schema-learner.ts';
import type { Telemetry } from '../../contracts/telemetry.ts';
import type { TaskOutline } from '../tasks/timer-barrier.ts';

export interface KafkaConnection {
  /** `host:port` of one or more brokers to begin with. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Where this process stands; fetches are then answered by a replica in the same rack. */
  readonly rack: string | undefined;
  /** Undefined: plain text. */
  readonly tls: KafkaTls | undefined;
  readonly sasl: KafkaSasl | undefined;
  readonly connectionTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/** PEM texts. Without authorities, the system's are trusted. */
export interface KafkaTls {
  readonly authorities: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  readonly keyPassphrase: string | undefined;
}

export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

/** How the topics are to be; the same for every process that shares them. */
export interface KafkaLayout {
  /** Before all names of topics, groups and transactional ids. */
  readonly topicPrefix: string;
  /** Of every topic: the inputs of a task have the same number, and it never changes. */
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly minInSyncReplicas: number;
  /** Retention of single topics, ms, in place of `schemas/topics.ts`. */
  readonly retentionMs: { readonly [Name in TopicName]?: number | null };
  readonly recordBytesMax: number;
}

export type CompressionName = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

export interface KafkaTuning {
  /** What we write; all of them can be read. */
  readonly compression: CompressionName;
  /** So long an append waits for the broker before the sender is told that the log cannot take it. */
  readonly appendTimeoutMs: number;
  /** How long the outputs of an owner that died may hold readers back. */
  readonly transactionTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** A task whose fetches have brought no answer for so long ends the process. */
  readonly fetchStalledMs: number;
}

export interface KafkaLogOptions {
  readonly connection: KafkaConnection;
  readonly layout: KafkaLayout;
  readonly tuning: KafkaTuning;
  /** Local copies of task states; may be deleted while nothing runs. Created with mode 0700. */
  readonly cacheFolder: string;
  /** Every task there is, in whichever process it runs: a timer waits for those before its own task. */
  readonly topology: readonly TaskOutline[];
  readonly codec: RecordCodec;
  /** Asked for each record that is read, so that `codec` can decode it; none without a schema registry. */
  readonly schemas: SchemaLearner | undefined;
  /** Of tasks and timers. */
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** The log cannot go on, or a processor has thrown: the process is to end. */
  readonly onFatal: (error: Error) => void;
}
