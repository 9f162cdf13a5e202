/**
 * One attempt at a migration, over one session at the cluster: from where the cursor stands to the end.
 *
 * The comparison of the records comes before the states, because it finds the positions on Kafka; an attempt that goes
 * on among the states makes it again.
 */
import assert from 'node:assert/strict';
import type { TopicName } from '../../schemas/records.ts';
import { TOPICS } from '../../schemas/topics.ts';
import { EnvironmentError } from '../contracts/environment-error.ts';
import type { EmbeddedLog } from '../log/embedded/embedded-log.ts';
import { kafkaErrorCode } from '../log/kafka/kafka-client.ts';
import { partitionFor } from '../log/kafka/partitioner.ts';
import { type KafkaNames, kafkaNames } from '../log/kafka/topic-names.ts';
import { topicNames } from '../log/kafka/topic-settings.ts';
import type { TransferMessage, TransferSession } from '../log/kafka/transfer-session.ts';
import { transferMessage } from '../log/spool/transfer-message.ts';
import { type CarriedEntry, CarriedState } from './carried-state.ts';
import type { MigrationOptions } from './migrate-to-kafka.ts';
import { MIGRATION_BEGIN, type MigrationCursor, migrationCursorBytes, migrationCursorOf } from './migration-cursor.ts';
import type { MigratedStoreRow, MigrationProgress, MigrationReport } from './migration-report.ts';
import { partitionReaders } from './partition-reader.ts';
import { type CheckedTopic, checkTopic } from './record-check.ts';
import { recordSlices } from './record-copy.ts';
import { checkState } from './state-check.ts';

const SLICE_ENTRIES = 1_000;
const SLICE_BYTES = 4 * 1024 * 1024;
const NO_HEADERS: ReadonlyMap<string, string> = new Map();

/** Answers by which the same record will be refused each time. */
const REFUSALS: ReadonlySet<string> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD']);

export class MigrationRun {
  readonly #options: MigrationOptions;
  readonly #embedded: EmbeddedLog;
  readonly #names: KafkaNames;
  readonly #partitionOf: (partitionKey: string) => number;
  readonly #states: readonly CarriedState[];
  /** Something was committed. */
  readonly #moved: () => void;

  constructor(options: MigrationOptions, embedded: EmbeddedLog, moved: () => void) {
    const { layout, tasks } = options;
    const { partitions } = layout;
    this.#options = options;
    this.#embedded = embedded;
    this.#moved = moved;
    this.#names = kafkaNames(layout.topicPrefix);
    this.#partitionOf = (partitionKey) => partitionFor(partitionKey, partitions);
    const stored = embedded.storedStates();
    this.#states = tasks.map((task) => new CarriedState(task, stored, partitions, this.#partitionOf));
  }

  async carry(session: TransferSession): Promise<Pick<MigrationReport, 'topics' | 'stores'>> {
    let cursor = session.cursor === undefined ? MIGRATION_BEGIN : migrationCursorOf(session.cursor);
    if (session.cursor === undefined) await session.commit([], migrationCursorBytes(cursor));
    if (cursor.phase === 'records') cursor = await this.#carryRecords(session, cursor);
    const checked = await this.#checkRecords(session);
    const entries = this.#states.reduce((sum, state) => sum + state.count(), 0);
    if (cursor.phase === 'states') cursor = await this.#carryStates(session, cursor, checked, entries);
    const stores = await this.#checkStates(session, checked, entries);
    const topics = checked.map(({ topic, records, read, cleaned, hash }) => {
      return { topic, embedded: records, kafka: read, cleaned, hash };
    });
    return { topics, stores };
  }

  async #carryRecords(session: TransferSession, from: MigrationCursor): Promise<MigrationCursor> {
    const { layout, signal } = this.#options;
    const counter = await this.#recordCounter('records', from);
    for await (const { topic, records, cursor } of recordSlices(this.#embedded, from, signal)) {
      const messages = records.map((record) => transferMessage(record, this.#names, layout));
      await this.#commit(session, messages, cursor, `${topic} before offset ${cursor.next}`);
      counter(topic, records.length);
    }
    const cursor: MigrationCursor = { phase: 'states', topic: '', next: 0n, state: null };
    await this.#commit(session, [], cursor, 'the cursor');
    return cursor;
  }

  async #checkRecords({ reader }: TransferSession): Promise<readonly CheckedTopic[]> {
    const { clock, layout, signal } = this.#options;
    const counter = await this.#recordCounter('checking records', MIGRATION_BEGIN);
    const checked: CheckedTopic[] = [];
    for (const topic of topicNames()) {
      const configured = layout.retentionMs[topic];
      const retentionMs = configured === undefined ? TOPICS[topic].retentionMs : configured;
      checked.push(
        await checkTopic(
          {
            embedded: this.#embedded,
            topic,
            partitions: await partitionReaders(reader, this.#names.topic(topic)),
            partitionOf: this.#partitionOf,
            expiredBeforeMs: retentionMs === null ? undefined : clock.nowMs() - retentionMs,
            positions: this.#states
              .filter(({ task }) => task.inputs.includes(topic))
              .map((state) => state.position(topic)),
            checked: (records) => counter(topic, records),
          },
          signal,
        ),
      );
    }
    return checked;
  }

  async #carryStates(
    session: TransferSession,
    from: MigrationCursor,
    checked: readonly CheckedTopic[],
    total: number,
  ): Promise<MigrationCursor> {
    const { signal } = this.#options;
    const begin = Math.max(
      0,
      this.#states.findIndex(({ task }) => task.name === from.state?.task),
    );
    let done = 0;
    for (const state of this.#states.slice(0, begin)) done += state.count();
    for (const [index, state] of this.#states.slice(begin).entries()) {
      const { name } = state.task;
      const behind = index === 0 && from.state !== null ? from.state : undefined;
      // The positions are the last slice of a task, in one piece: with them it is whole.
      if (behind?.store === POSITIONS_DONE) continue;
      const count = (entries: number): void => {
        done += entries;
        this.#tell({ step: 'states', subject: name, done, total });
      };
      for (const slice of slices(state.entries(behind))) {
        signal.throwIfAborted();
        const last = slice.at(-1);
        assert(last !== undefined, 'a slice is not empty');
        const place = { task: name, store: last.store, key: last.key };
        await this.#commitEntries(session, state, slice, { phase: 'states', topic: '', next: 0n, state: place });
        count(slice.length);
      }
      const positions = [...this.#positions(state, checked)];
      const place = { task: name, store: POSITIONS_DONE, key: '' };
      await this.#commitEntries(session, state, positions, { phase: 'states', topic: '', next: 0n, state: place });
    }
    const cursor: MigrationCursor = { phase: 'done', topic: '', next: 0n, state: null };
    await this.#commit(session, [], cursor, 'the cursor');
    return cursor;
  }

  async #checkStates(
    { reader }: TransferSession,
    checked: readonly CheckedTopic[],
    total: number,
  ): Promise<readonly MigratedStoreRow[]> {
    const { signal } = this.#options;
    const rows: MigratedStoreRow[] = [];
    let done = 0;
    for (const state of this.#states) {
      const { name } = state.task;
      const count = (): void => {
        done += 1;
        if (done % SLICE_ENTRIES === 0 || done >= total) {
          this.#tell({ step: 'checking states', subject: name, done: Math.min(done, total), total });
        }
      };
      const partitions = await partitionReaders(reader, this.#names.changelog(name));
      rows.push(...(await checkState(name, this.#whole(state, checked), partitions, count, signal)));
    }
    return rows;
  }

  *#whole(state: CarriedState, checked: readonly CheckedTopic[]): Generator<CarriedEntry, void, undefined> {
    yield* state.entries();
    yield* this.#positions(state, checked);
  }

  #positions(state: CarriedState, checked: readonly CheckedTopic[]): Iterable<CarriedEntry> {
    return state.positions((topic) => {
      const found = checked.find((one) => one.topic === topic)?.translated.get(state.position(topic));
      assert(found !== undefined, 'every position was translated');
      return found;
    });
  }

  async #commitEntries(
    session: TransferSession,
    state: CarriedState,
    entries: readonly CarriedEntry[],
    cursor: MigrationCursor,
  ): Promise<void> {
    const topic = this.#names.changelog(state.task.name);
    const timestampMs = Date.now();
    const messages = entries.flatMap(({ partitions, message }) =>
      partitions.map((partition) => ({ topic, partition, ...message, headers: NO_HEADERS, timestampMs })),
    );
    await this.#commit(session, messages, cursor, `the state of ${state.task.name}`);
  }

  async #commit(
    session: TransferSession,
    messages: readonly TransferMessage[],
    cursor: MigrationCursor,
    what: string,
  ): Promise<void> {
    try {
      await session.commit(messages, migrationCursorBytes(cursor));
    } catch (error) {
      const code = kafkaErrorCode(error);
      if (!REFUSALS.has(code)) throw error;
      const bytes = messages.reduce((most, { value }) => Math.max(most, value?.length ?? 0), 0);
      const cause = `Kafka refuses ${what} (${code}); the largest value there has ${bytes} bytes`;
      throw new EnvironmentError('migration.record_refused', cause, { cause: error });
    }
    this.#moved();
  }

  async #recordCounter(
    step: MigrationProgress['step'],
    from: MigrationCursor,
  ): Promise<(topic: TopicName, records: number) => void> {
    const { topics } = await this.#embedded.describe();
    let total = 0;
    let done = 0;
    const order: readonly string[] = topicNames();
    const begun = order.indexOf(from.topic);
    for (const { topic, first, end } of topics) {
      total += Number(end - first);
      const at = order.indexOf(topic);
      if (at < begun) done += Number(end - first);
      if (at === begun) done += Math.max(0, Number(from.next - first));
    }
    return (topic, records) => {
      done += records;
      this.#tell({ step, subject: topic, done: Math.min(done, total), total });
    };
  }

  #tell(progress: MigrationProgress): void {
    this.#options.progress(progress);
  }
}

/** In place of a store's name in the cursor: the task is whole. */
const POSITIONS_DONE = '#done';

function* slices(entries: Iterable<CarriedEntry>): Generator<readonly CarriedEntry[], void, undefined> {
  let slice: CarriedEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    slice.push(entry);
    bytes += entry.message.key.length + (entry.message.value?.length ?? 0);
    if (slice.length < SLICE_ENTRIES && bytes < SLICE_BYTES) continue;
    yield slice;
    slice = [];
    bytes = 0;
  }
  if (slice.length > 0) yield slice;
}
