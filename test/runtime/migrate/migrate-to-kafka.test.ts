// An embedded log carried to a real broker: everything, once, through kills; and the bridge goes on there.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { singleObjectCodec } from '../../../codecs/avro/record-codec.ts';
import { tallyTask } from '../../../processors/tally/tally-task.ts';
import { loadConfiguration } from '../../../runtime/config/load-configuration.ts';
import { silentTelemetry } from '../../../runtime/contracts/telemetry.ts';
import { assertMigrationFinished, readMigrationMark } from '../../../runtime/log/embedded/migration-mark.ts';
import { openKafkaLog } from '../../../runtime/log/kafka/kafka-log.ts';
import type { KafkaLayout } from '../../../runtime/log/kafka/kafka-options.ts';
import { createTopics } from '../../../runtime/log/kafka/topic-admin.ts';
import { expectedTopics } from '../../../runtime/log/kafka/topic-settings.ts';
import { openTransferSession } from '../../../runtime/log/kafka/transfer-session.ts';
import type { TaskOutline } from '../../../runtime/log/tasks/timer-barrier.ts';
import { type MigrationOptions, migrateToKafka } from '../../../runtime/migrate/migrate-to-kafka.ts';
import {
  type MigrationProgress,
  type MigrationReport,
  migrationTable,
} from '../../../runtime/migrate/migration-report.ts';
import { bridgeTasks } from '../../../runtime/wiring/tasks.ts';
import { entryOf, hospitalEvents } from '../../end-to-end/eventful-hospital.ts';
import { openWholeWay, QUIET_MS, sandbox } from '../../end-to-end/whole-way.ts';
import { kafkaBroker, randomPrefix } from '../../kafka/broker.ts';
import { openLog, temporaryFolder } from '../log/embedded/temporary-log.ts';
import { connectionTo, deleteTopics, layoutOf, TUNING } from '../log/kafka/temporary-kafka-log.ts';
import { entry, type LogUnderTest, signal, until, untilRead, valuesOf } from '../log/log-under-test.ts';
import { ManualClock } from '../log/manual-clock.ts';
import { counter } from './quiet-counter.ts';

const broker = await kafkaBroker();
const START_MS = new ManualClock().nowMs();

describe.skipIf(!broker.available)('migration to Kafka', () => {
  let folder: string;
  let layout: KafkaLayout;
  const connection = broker.available ? connectionTo(broker.bootstrap) : connectionTo();
  let topics: readonly string[] = [];
  const opened: AsyncDisposable[] = [];

  beforeEach(async () => {
    folder = await temporaryFolder();
    layout = { ...layoutOf(randomPrefix()), partitions: 3 };
  });

  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
    if (topics.length > 0) await deleteTopics(connection, topics);
    await rm(folder, { recursive: true, force: true });
  });

  async function faults(url: string, method: 'POST' | 'DELETE', script?: unknown): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const body = script === undefined ? {} : { body: JSON.stringify(script) };
    expect((await fetch(`${url}/sandbox/faults`, { method, headers, ...body })).ok).toBe(true);
  }

  async function makeTopics(tasks: readonly { readonly name: string }[]): Promise<void> {
    const expected = expectedTopics(layout, [...tasks, { name: 'spool' }]);
    await createTopics(connection, silentTelemetry, expected);
    topics = expected.map(({ name }) => name);
  }

  function optionsFor(tasks: MigrationOptions['tasks'], parts: Partial<MigrationOptions> = {}): MigrationOptions {
    return {
      folder,
      tasks,
      connection,
      layout,
      tuning: TUNING,
      codec: singleObjectCodec(),
      clock: new ManualClock(),
      telemetry: silentTelemetry,
      progress: () => {},
      signal,
      ...parts,
    };
  }

  async function openOnKafka(topology: readonly TaskOutline[], startMs: number): Promise<LogUnderTest> {
    const cacheFolder = await mkdtemp(join(tmpdir(), 'studybridge-cache-'));
    const clock = new ManualClock();
    clock.advance(startMs - clock.nowMs());
    const fatal: Error[] = [];
    const log = await openKafkaLog({
      connection,
      layout,
      tuning: TUNING,
      cacheFolder,
      topology,
      codec: singleObjectCodec(),
      schemas: undefined,
      clock,
      telemetry: silentTelemetry,
      onFatal: (error) => fatal.push(error),
    });
    const close = async (): Promise<void> => {
      await log[Symbol.asyncDispose]();
      await rm(cacheFolder, { recursive: true, force: true });
    };
    return { log, clock, fatal, close };
  }

  /** Kills the migration at its `at`-th commit of each life, before or after it took place, until it comes through. */
  async function migratedThroughKills(
    tasks: MigrationOptions['tasks'],
  ): Promise<{ lives: number; report: MigrationReport }> {
    for (let life = 0; life < 100; life += 1) {
      const killed = new AbortController();
      let commits = 0;
      const openSession: typeof openTransferSession = async (transfer, stop) => {
        const session = await openTransferSession(transfer, stop);
        return {
          ...session,
          commit: async (messages, cursor) => {
            commits += 1;
            const now = commits > life % 3;
            if (now && life % 2 === 0) killed.abort(new Error('killed before'));
            killed.signal.throwIfAborted();
            await session.commit(messages, cursor);
            if (now) killed.abort(new Error('killed after'));
            killed.signal.throwIfAborted();
          },
        };
      };
      try {
        const report = await migrateToKafka(optionsFor(tasks, { openSession, signal: killed.signal }));
        return { lives: life + 1, report };
      } catch (error) {
        expect(String(error)).toMatch(/killed/);
      }
    }
    throw new Error('it never came through');
  }

  test('the bridge goes on where the embedded one stopped: unread records, waiting studies, undelivered requests', async () => {
    const events = hospitalEvents(40, 6);
    const third = Math.floor(events.length * 0.35);
    const half = Math.floor(events.length * 0.6);
    const unreadTo = Math.floor(events.length * 0.75);

    const whole = await openLog(await temporaryFolder());
    const wanted = await (async () => {
      await using way = await openWholeWay(whole);
      await way.append(events.map((event) => entryOf(event, way)));
      await way.settled();
      return await way.finalState();
    })();
    await rm(whole.folder, { recursive: true, force: true });

    const embedded = await openLog(folder);
    await using cloud = await sandbox(embedded.clock);
    await (async () => {
      await using way = await openWholeWay(embedded, cloud);
      await way.append(events.slice(0, third).map((event) => entryOf(event, way)));
      await way.settled();
      await faults(cloud.url, 'POST', { faults: Array.from({ length: 500 }, () => ({ kind: 'status', status: 503 })) });
      await way.append(events.slice(third, half - 20).map((event) => entryOf(event, way)));
      await way.read();
      await way.pass(2 * QUIET_MS);
      await way.append(events.slice(half - 20, half).map((event) => entryOf(event, way)));
      await way.read();
    })();
    const unread = await openLog(folder, { clock: embedded.clock });
    await using door = await openWholeWay(
      { ...(await openLog(await temporaryFolder())), clock: embedded.clock },
      cloud,
    );
    await unread.log.append(
      events.slice(half, unreadTo).map((event) => entryOf(event, door)),
      signal,
    );
    await unread.close();

    const { configuration } = loadConfiguration({ environment: {}, directory: folder });
    const parts = {
      codec: singleObjectCodec(),
      clock: embedded.clock,
      telemetry: silentTelemetry,
      accounts: new Map(),
    };
    const tasks = Object.values(bridgeTasks(configuration, parts));
    await makeTopics(tasks);
    const progress: MigrationProgress[] = [];
    const report = await migrateToKafka(
      optionsFor(tasks, { clock: embedded.clock, progress: (one) => progress.push(one) }),
    );
    console.log(migrationTable(report));
    expect(report.topics.find(({ topic }) => topic === 'hl7.messages')).toMatchObject({ cleaned: 0 });
    const entries = (task: string, store: string): number =>
      report.stores.find((row) => row.task === task && row.store === store)?.entries ?? 0;
    expect(entries('assembly', '#timers')).toBeGreaterThan(0);
    expect(entries('cloud-sink', 'due')).toBeGreaterThan(0);
    expect(report.topics.find(({ topic }) => topic === 'cloud.deliveries')?.kafka).toBeGreaterThan(0);
    await faults(cloud.url, 'DELETE');
    expect(new Set(progress.map(({ step }) => step)).size).toBe(4);
    for (const { done, total } of progress) expect(done).toBeLessThanOrEqual(total);

    const topology = tasks.map(({ name, inputs, outputs }) => ({ name, inputs, outputs }));
    const there = await openOnKafka(topology, embedded.clock.nowMs());
    await using way = await openWholeWay(there, cloud);
    await way.append(events.slice(unreadTo).map((event) => entryOf(event, way)));
    await way.settled();
    const found = await way.finalState();
    expect([...found.keys()]).toEqual([...wanted.keys()]);
    expect(found).toEqual(wanted);
    expect(there.fatal).toEqual([]);
  });

  test('killed at any commit it goes on, and every task counts on from its positions', async () => {
    const keys = Array.from({ length: 12 }, (_, index) => `site-${index % 5}/${index}`);
    const embedded = await openLog(folder);
    const first = embedded.log.run(counter);
    await first.start(signal);
    const round = (): Promise<unknown> =>
      embedded.log.append(
        keys.map((key) => entry('hl7.messages', key, 'x')),
        signal,
      );
    for (let count = 0; count < 3; count += 1) await round();
    await untilRead(embedded.log, 'counter');
    await first.drain(signal);
    await round();
    await embedded.close();

    await makeTopics([counter]);
    const { lives, report } = await migratedThroughKills([counter]);
    expect(lives).toBeGreaterThan(5);
    expect(report.topics.find(({ topic }) => topic === 'hl7.messages')).toMatchObject({ embedded: 48, kafka: 48 });
    expect(report.stores.find(({ store }) => store === 'counts')).toMatchObject({ entries: 12, kafka: 12 });

    const there = await openOnKafka([counter], embedded.clock.nowMs());
    opened.push({ [Symbol.asyncDispose]: there.close });
    const second = there.log.run(counter);
    await second.start(signal);
    await there.log.append(
      keys.map((key) => entry('hl7.messages', key, 'x')),
      signal,
    );
    await until(async () => {
      for (const key of keys) if ((await valuesOf(there.log, 'studies', key)).length < 5) return false;
      return true;
    }, 'everything is counted');
    for (const key of keys) expect(await valuesOf(there.log, 'studies', key)).toEqual(['1', '2', '3', '4', '5']);
    there.clock.advance(1_000);
    await until(async () => {
      for (const key of keys) if ((await valuesOf(there.log, 'studies', key)).at(-1) !== 'quiet at 5') return false;
      return true;
    }, 'every timer has fired');
    await second.drain(signal);
    expect(there.fatal).toEqual([]);
  });

  test('a migrated log is not opened by a bridge, and says why', async () => {
    await (await openLog(folder)).close();
    await makeTopics([counter]);
    await migrateToKafka(optionsFor([counter]));
    await expect(openLog(folder)).rejects.toMatchObject({ code: 'log.migrated' });
    await assertMigrationFinished(folder);
    expect((await readMigrationMark(folder))?.finishedAtMs).not.toBeNull();
    const again = await migrateToKafka(optionsFor([counter]));
    expect(again.finishedBefore).toBe(true);
  });

  test('topics that hold records are refused, and the log stays a bridge’s', async () => {
    await (await openLog(folder)).close();
    await makeTopics([counter]);
    const there = await openOnKafka([], START_MS);
    await there.log.append([entry('hl7.messages', 'a/1', 'x')], signal);
    await there.close();
    await expect(migrateToKafka(optionsFor([counter]))).rejects.toMatchObject({ code: 'migration.topics_not_empty' });
    await (await openLog(folder)).close();
  });

  test('what another writes meanwhile is found by the comparison', async () => {
    const embedded = await openLog(folder);
    await embedded.log.append([entry('hl7.messages', 'a/1', 'x')], signal);
    await embedded.close();
    await makeTopics([counter]);
    const openSession: typeof openTransferSession = async (transfer, stop) => {
      const session = await openTransferSession(transfer, stop);
      let commits = 0;
      return {
        ...session,
        commit: async (messages, cursor) => {
          await session.commit(messages, cursor);
          commits += 1;
          if (commits !== 2) return;
          const stranger = await openOnKafka([], START_MS);
          await stranger.log.append([entry('hl7.messages', 'b/1', 'strange')], signal);
          await stranger.close();
        },
      };
    };
    await expect(migrateToKafka(optionsFor([counter], { openSession }))).rejects.toMatchObject({
      code: 'migration.differs',
    });
    await expect(openLog(folder)).rejects.toMatchObject({ code: 'log.migrated' });
    await expect(assertMigrationFinished(folder)).rejects.toMatchObject({ code: 'migration.unfinished' });
  });

  test('the state of a task that is not known here is refused before anything is written', async () => {
    const embedded = await openLog(folder);
    const service = embedded.log.run(counter);
    await service.start(signal);
    await embedded.log.append([entry('hl7.messages', 'a/1', 'x')], signal);
    await untilRead(embedded.log, 'counter');
    await service.drain(signal);
    await embedded.close();
    const tally = tallyTask({ codec: singleObjectCodec() });
    await makeTopics([tally]);
    await expect(migrateToKafka(optionsFor([tally]))).rejects.toMatchObject({ code: 'migration.unknown_state' });
    await (await openLog(folder)).close();
  });
});
