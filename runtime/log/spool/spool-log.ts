/**
 * The log of connectors at a site with a poor link: accepted when it is durable here, forwarded when Kafka can be reached.
 *
 *   connectors ─► append ─► embedded log, flushed ─► forwarder ─► Kafka, in order, exactly once
 *
 * Positions, `scan` and `describe` are those of the embedded log: a record has another position on Kafka. Tasks run
 * where the Kafka cluster is. When the link stays away the embedded log's disk reserve pushes back on the senders.
 */
import type { RecordCodec } from '../../../codecs/avro/record-codec.ts';
import type { Entry, Position } from '../../../schemas/record-entry.ts';
import type { TopicName } from '../../../schemas/records.ts';
import type { Clock } from '../../contracts/clock.ts';
import { EnvironmentError } from '../../contracts/environment-error.ts';
import type { LogDescription, LogHealth, RecordLog, ScanRange, StoredRecord } from '../../contracts/record-log.ts';
import type { Service } from '../../contracts/service.ts';
import type { Telemetry } from '../../contracts/telemetry.ts';
import type { EmbeddedLog } from '../embedded/embedded-log.ts';
import type { KafkaConnection, KafkaLayout, KafkaTuning } from '../kafka/kafka-options.ts';
import { openTransferSession } from '../kafka/transfer-session.ts';
import { SPOOLED_TOPICS } from './spool-cursor.ts';
import { SpoolForwarder } from './spool-forwarder.ts';

export interface SpoolLogOptions {
  /** Closed with the spool. */
  readonly embedded: EmbeddedLog;
  readonly kafka: {
    readonly connection: KafkaConnection;
    readonly layout: KafkaLayout;
    readonly tuning: KafkaTuning;
  };
  /** Of this data directory among all that spool to the same cluster; stable. */
  readonly spoolId: string;
  /** What to do when the cluster contradicts the embedded log; see `spool-cursor.ts`. */
  readonly onContradiction: 'refuse' | 'continue';
  /** Writes what Kafka refuses for good as dead letters. Without a registry's ids, since it must work without the link. */
  readonly codec: RecordCodec;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export interface SpoolLog {
  readonly log: RecordLog;
  /** Starts without the link. To be drained after the connectors and before the log is closed. */
  readonly forwarder: Service;
}

export function openSpoolLog(options: SpoolLogOptions): SpoolLog {
  const { embedded, kafka, spoolId, onContradiction, codec, clock, telemetry } = options;
  const transactionalId = `${kafka.layout.topicPrefix}spool-${spoolId}`;
  const forwarder = new SpoolForwarder({
    embedded,
    layout: kafka.layout,
    spoolId,
    onContradiction,
    codec,
    clock,
    telemetry,
    open: (cursorKey, signal) => openTransferSession({ ...kafka, telemetry, transactionalId, cursorKey }, signal),
  });
  return { log: new Spool(embedded), forwarder };
}

class Spool implements RecordLog {
  readonly #embedded: EmbeddedLog;

  constructor(embedded: EmbeddedLog) {
    this.#embedded = embedded;
  }

  // Invariant 1: resolves when the embedded log is flushed.
  append(entries: readonly Entry[], signal: AbortSignal): Promise<readonly Position[]> {
    const stranger = entries.find(({ topic }) => !SPOOLED_TOPICS.some((known) => known === topic));
    if (stranger !== undefined) throw new TypeError(`the spool does not forward ${stranger.topic}`);
    return this.#embedded.append(entries, signal);
  }

  scan(topic: TopicName, range: ScanRange, signal: AbortSignal): AsyncIterable<readonly StoredRecord[]> {
    return this.#embedded.scan(topic, range, signal);
  }

  run(): never {
    throw noTasks();
  }

  view(): never {
    throw noTasks();
  }

  health(): LogHealth {
    return this.#embedded.health();
  }

  describe(): Promise<LogDescription> {
    return this.#embedded.describe();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#embedded[Symbol.asyncDispose]();
  }
}

function noTasks(): EnvironmentError {
  return new EnvironmentError('spool.no_tasks', 'a spool takes records and forwards them; tasks run where Kafka is');
}
