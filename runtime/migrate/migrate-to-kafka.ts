/**
 * Carries an embedded log, records and states, to Kafka while no bridge runs.
 *
 *   mark in the data directory ─► records ─► compare, learn positions ─► states ─► compare ─► mark finished
 *
 * 1. Every slice is one transaction with the cursor behind it (`transfer-session.ts`): killed at any point, the next
 *    start goes on behind what was committed, neither doubling nor skipping.
 * 2. The topics are empty when it begins, or hold exactly this migration: its id stands in the mark and names the cursor.
 * 3. Records go to the partition of their key, in order, with the times they were appended; states are divided between
 *    the partitions (`state-division.ts`), and positions become those on Kafka (`record-check.ts`).
 * 4. It is finished when everything was read back and equals the embedded log, which stays as it is. A log with the mark
 *    is not opened by a bridge any more.
 *
 * Positions inside old records and states (causation, the position in a dead letter) remain those of the embedded log.
 */
import { randomUUID } from 'node:crypto';
import type { RecordCodec } from '../../codecs/avro/record-codec.ts';
import type { Clock } from '../contracts/clock.ts';
import { EnvironmentError } from '../contracts/environment-error.ts';
import type { Telemetry } from '../contracts/telemetry.ts';
import { type EmbeddedLog, openEmbeddedLog } from '../log/embedded/embedded-log.ts';
import { type MigrationMark, readMigrationMark, writeMigrationMark } from '../log/embedded/migration-mark.ts';
import { openClusterReader } from '../log/kafka/cluster-reader.ts';
import { kafkaErrorCode } from '../log/kafka/kafka-client.ts';
import type { KafkaConnection, KafkaLayout, KafkaTuning } from '../log/kafka/kafka-options.ts';
import { openTransferSession, type TransferSession } from '../log/kafka/transfer-session.ts';
import type { MigrationProgress, MigrationReport } from './migration-report.ts';
import { MigrationRun } from './migration-run.ts';
import { assertEmptyTargets } from './migration-target.ts';
import type { MigratedTask } from './state-division.ts';

export interface MigrationOptions {
  /** The data directory of the embedded log; its lock is taken. */
  readonly folder: string;
  /** All there are. */
  readonly tasks: readonly MigratedTask[];
  readonly connection: KafkaConnection;
  readonly layout: KafkaLayout;
  readonly tuning: KafkaTuning;
  readonly codec: RecordCodec;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly progress: (progress: MigrationProgress) => void;
  readonly signal: AbortSignal;
  /** For tests: in place of a session at the cluster. */
  readonly openSession?: typeof openTransferSession;
}

const FAILURES_IN_A_ROW_MAX = 5;
const PAUSE_MS = 1_000;

/** Rejects with an `EnvironmentError` of a migration, with that of opening the log, or with the client's error. */
export async function migrateToKafka(options: MigrationOptions): Promise<MigrationReport> {
  const { folder, codec, clock, telemetry } = options;
  const startedMs = clock.monotonicMs();
  const embedded = await openEmbeddedLog({ folder, codec, clock, telemetry, openMigrated: true, onFatal: () => {} });
  try {
    const mark = await agreedMark(options, embedded);
    if (mark.finishedAtMs !== null) {
      return { id: mark.id, finishedBefore: true, topics: [], stores: [], tookMs: 0 };
    }
    const { topics, stores } = await carried(options, embedded, mark);
    await writeMigrationMark(folder, { ...mark, finishedAtMs: clock.nowMs() });
    return { id: mark.id, finishedBefore: false, topics, stores, tookMs: clock.monotonicMs() - startedMs };
  } finally {
    await embedded[Symbol.asyncDispose]();
  }
}

/** The mark that stands, or a new one, made before anything is written to Kafka. */
async function agreedMark(options: MigrationOptions, embedded: EmbeddedLog): Promise<MigrationMark> {
  const { folder, connection, layout, tasks, telemetry, clock } = options;
  const unknown = embedded.storedStates().find(({ task }) => !tasks.some(({ name }) => name === task));
  if (unknown !== undefined) {
    throw new EnvironmentError('migration.unknown_state', `the log holds the state of ${unknown.task}, no task here`);
  }
  await using reader = await openClusterReader(connection, telemetry);
  const clusterId = await reader.clusterId();
  const known = await readMigrationMark(folder);
  if (known === undefined) {
    await assertEmptyTargets(reader, layout, tasks);
    const { topicPrefix, partitions } = layout;
    const beganAtMs = clock.nowMs();
    const mark: MigrationMark = {
      id: randomUUID(),
      clusterId,
      topicPrefix,
      partitions,
      beganAtMs,
      finishedAtMs: null,
    };
    await writeMigrationMark(folder, mark);
    return mark;
  }
  if (
    known.clusterId !== clusterId ||
    known.topicPrefix !== layout.topicPrefix ||
    known.partitions !== layout.partitions
  ) {
    const where = `cluster ${known.clusterId}, prefix '${known.topicPrefix}', ${known.partitions} partitions`;
    throw new EnvironmentError('migration.elsewhere', `the log of ${folder} is carried to ${where}`);
  }
  return known;
}

async function carried(
  options: MigrationOptions,
  embedded: EmbeddedLog,
  mark: MigrationMark,
): Promise<Pick<MigrationReport, 'topics' | 'stores'>> {
  const { connection, layout, tuning, telemetry, clock, signal } = options;
  const open = options.openSession ?? openTransferSession;
  const transfer = {
    connection,
    layout,
    tuning,
    telemetry,
    transactionalId: `${layout.topicPrefix}migrate`,
    cursorKey: `migrate/${mark.id}`,
  };
  let failures = 0;
  for (;;) {
    let session: TransferSession | undefined;
    const run = new MigrationRun(options, embedded, () => {
      failures = 0;
    });
    try {
      session = await open(transfer, signal);
      if (session.cursor === undefined) await assertEmptyTargets(session.reader, layout, options.tasks);
      return await run.carry(session);
    } catch (error) {
      signal.throwIfAborted();
      failures += 1;
      if (error instanceof EnvironmentError || failures > FAILURES_IN_A_ROW_MAX) throw error;
      telemetry.record('migration.interrupted', { code: kafkaErrorCode(error), failures });
    } finally {
      await session?.[Symbol.asyncDispose]();
    }
    await clock.sleep(PAUSE_MS, signal);
  }
}
