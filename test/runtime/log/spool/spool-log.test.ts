// The spool: accepted by the embedded log, forwarded to a real broker in order and once.
import { rm } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { singleObjectCodec } from '../../../../codecs/avro/record-codec.ts';
import { systemClock } from '../../../../runtime/contracts/clock.ts';
import type { Service } from '../../../../runtime/contracts/service.ts';
import type { EmbeddedLog } from '../../../../runtime/log/embedded/embedded-log.ts';
import { openEmbeddedLog } from '../../../../runtime/log/embedded/embedded-log.ts';
import { partitionFor } from '../../../../runtime/log/kafka/partitioner.ts';
import { openTransferSession } from '../../../../runtime/log/kafka/transfer-session.ts';
import { SpoolForwarder, type SpoolForwarderOptions } from '../../../../runtime/log/spool/spool-forwarder.ts';
import { openSpoolLog, type SpoolLog, type SpoolLogOptions } from '../../../../runtime/log/spool/spool-log.ts';
import { kafkaBroker, randomPrefix } from '../../../kafka/broker.ts';
import { temporaryFolder } from '../embedded/temporary-log.ts';
import {
  committedRecords,
  createTopics,
  deleteTopics,
  type KafkaSite,
  kafkaSite,
  listeningTelemetry,
  type RecordedFact,
} from '../kafka-topics.ts';
import { entry, signal, task, until } from '../log-under-test.ts';
import { ManualClock } from '../manual-clock.ts';

const broker = await kafkaBroker();
const NOWHERE = '127.0.0.1:9';

describe.skipIf(!broker.available)('spool', () => {
  let site: KafkaSite;
  let folder: string;
  const open: AsyncDisposable[] = [];

  beforeAll(() => {
    process.setMaxListeners(50);
  });

  beforeEach(async () => {
    folder = await temporaryFolder();
    site = kafkaSite(broker.bootstrap, randomPrefix());
    await createTopics(site, []);
  });

  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
    await deleteTopics(site);
  });

  afterAll(() => {
    process.setMaxListeners(10);
  });

  async function openEmbedded(directory = folder): Promise<EmbeddedLog> {
    const log = await openEmbeddedLog({
      folder: directory,
      clock: systemClock,
      telemetry: listeningTelemetry().telemetry,
      codec: singleObjectCodec(),
      reserveBytes: 1024 * 1024,
      onFatal: () => {},
    });
    open.push(log);
    return log;
  }

  interface StartedSpool extends SpoolLog {
    readonly facts: readonly RecordedFact[];
    readonly embedded: EmbeddedLog;
  }

  async function startSpool(parts: Partial<SpoolLogOptions> = {}): Promise<StartedSpool> {
    const { telemetry, facts } = listeningTelemetry();
    const embedded = parts.embedded ?? (await openEmbedded());
    const spool = openSpoolLog({
      embedded,
      kafka: site,
      spoolId: 'site-a',
      onContradiction: 'refuse',
      codec: singleObjectCodec(),
      clock: systemClock,
      telemetry,
      ...parts,
    });
    await spool.forwarder.start(signal);
    open.push(spool.forwarder);
    return { ...spool, facts, embedded };
  }

  async function startForwarder(
    parts: Partial<SpoolForwarderOptions>,
  ): Promise<Service & { readonly facts: RecordedFact[] }> {
    const { telemetry, facts } = listeningTelemetry();
    const embedded = parts.embedded ?? (await openEmbedded());
    const transactionalId = `${site.layout.topicPrefix}spool-site-a`;
    const forwarder = new SpoolForwarder({
      embedded,
      layout: site.layout,
      spoolId: 'site-a',
      onContradiction: 'refuse',
      codec: singleObjectCodec(),
      clock: systemClock,
      telemetry,
      open: (cursorKey, stop) => openTransferSession({ ...site, telemetry, transactionalId, cursorKey }, stop),
      ...parts,
    });
    await forwarder.start(signal);
    open.push(forwarder);
    return Object.assign(forwarder, { facts });
  }

  async function stop(...services: readonly AsyncDisposable[]): Promise<void> {
    for (const service of services) {
      open.splice(open.indexOf(service), 1);
      await service[Symbol.asyncDispose]();
    }
  }

  const valuesOn = async (topic: string, key: string): Promise<readonly (string | null)[]> =>
    (await committedRecords(site, site.layout.topicPrefix + topic))
      .filter((record) => record.key === key)
      .map(({ value }) => value);

  const countOn = async (topic: string): Promise<number> =>
    (await committedRecords(site, site.layout.topicPrefix + topic)).length;

  const numbers = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => String(index));

  test('forwards records as they are, in order, to the partition of their key', async () => {
    const { log } = await startSpool();
    for (const value of numbers(60)) {
      await log.append([entry('hl7.messages', `a/${value}`, value), entry('hl7.messages', 'b/x', value)], signal);
    }
    await until(async () => (await countOn('hl7.messages')) === 120, 'everything is forwarded');
    const found = await committedRecords(site, `${site.layout.topicPrefix}hl7.messages`);
    const values = (of: string): readonly (string | null)[] =>
      found.filter(({ key }) => key.startsWith(of)).map(({ value }) => value);
    expect(values('a/')).toEqual(numbers(60));
    expect(values('b/')).toEqual(numbers(60));
    for (const record of found) {
      expect(record.partition).toBe(partitionFor(record.key.slice(0, 1), 3));
      expect(record.headers.get('trace')).toBe('0123456789abcdef');
    }
    const stored = [];
    for await (const chunk of log.scan('hl7.messages', {}, signal)) stored.push(...chunk);
    expect(found.map(({ timestampMs }) => timestampMs).sort()).toEqual(
      stored.map(({ appendedAtMs }) => Math.floor(appendedAtMs)).sort(),
    );
  });

  test('accepts without the link and forwards when it comes', async () => {
    const away = { ...site, connection: { ...site.connection, brokers: [NOWHERE], connectionTimeoutMs: 100 } };
    const first = await startSpool({ kafka: away });
    for (const value of numbers(20)) await first.log.append([entry('hl7.messages', 'a/1', value)], signal);
    await stop(first.forwarder, first.embedded);
    expect(await countOn('hl7.messages')).toBe(0);
    await startSpool();
    await until(async () => (await countOn('hl7.messages')) === 20, 'everything is forwarded');
    expect(await valuesOn('hl7.messages', 'a/1')).toEqual(numbers(20));
  });

  test('forwards each record once and in order, through lost answers, failed commits and restarts', async () => {
    let embedded = await openEmbedded();
    let commits = 0;
    const unreliable: SpoolForwarderOptions['open'] = async (cursorKey, stop) => {
      const { telemetry } = listeningTelemetry();
      const transactionalId = `${site.layout.topicPrefix}spool-site-a`;
      const session = await openTransferSession({ ...site, telemetry, transactionalId, cursorKey }, stop);
      return {
        ...session,
        commit: async (messages, cursor) => {
          const turn = commits % 3;
          commits += 1;
          if (turn === 1) throw new Error('never sent');
          await session.commit(messages, cursor);
          if (turn === 0) throw new Error('the answer was lost');
        },
      };
    };
    const clock = { ...systemClock, sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
    let forwarder = await startForwarder({ embedded, open: unreliable, clock });
    for (let round = 0; round < 40; round += 1) {
      for (let one = 0; one < 5; one += 1) {
        const value = String(round * 5 + one);
        await embedded.append([entry('hl7.messages', 'a/1', value), entry('dicom.instances', 'b/2', value)], signal);
      }
      if (round % 4 === 3) {
        await stop(forwarder, embedded);
        embedded = await openEmbedded();
        forwarder = await startForwarder({ embedded, open: unreliable, clock });
      }
    }
    await until(async () => (await countOn('hl7.messages')) >= 200, 'everything is forwarded');
    await until(async () => (await countOn('dicom.instances')) >= 200, 'everything is forwarded');
    expect(await valuesOn('hl7.messages', 'a/1')).toEqual(numbers(200));
    expect(await valuesOn('dicom.instances', 'b/2')).toEqual(numbers(200));
    expect(commits).toBeGreaterThan(3);
  });

  test('refuses to go on at a cluster that knows nothing of what was forwarded, and goes on when told to', async () => {
    const first = await startSpool();
    await first.log.append([entry('hl7.messages', 'a/1', 'before')], signal);
    await until(async () => (await countOn('hl7.messages')) === 1, 'the first record is forwarded');
    await until(
      () => first.embedded.describe().then(({ tasks }) => tasks[0]?.inputs[0]?.position === 1n),
      'it is noted',
    );
    await stop(first.forwarder, first.embedded);

    await deleteTopics(site);
    site = kafkaSite(broker.bootstrap, randomPrefix());
    await createTopics(site, []);
    const second = await startSpool();
    await second.log.append([entry('hl7.messages', 'a/1', 'after')], signal);
    await until(() => second.facts.some(({ name }) => name === 'spool.refuses_to_go_on'), 'it refuses');
    expect(second.facts.find(({ name }) => name === 'spool.refuses_to_go_on')?.fields).toMatchObject({
      code: 'spool.cursor_missing',
      topic: 'hl7.messages',
    });
    expect(await countOn('hl7.messages')).toBe(0);
    expect(second.log.health()).toEqual({ writable: true });
    await stop(second.forwarder, second.embedded);

    await startSpool({ onContradiction: 'continue' });
    await until(async () => (await countOn('hl7.messages')) === 1, 'it goes on');
    expect(await valuesOn('hl7.messages', 'a/1')).toEqual(['after']);
  });

  test('a data directory made anew begins with its own first record', async () => {
    const first = await startSpool();
    for (const value of numbers(5)) await first.log.append([entry('hl7.messages', 'a/1', value)], signal);
    await until(async () => (await countOn('hl7.messages')) === 5, 'everything is forwarded');
    await stop(first.forwarder, first.embedded);
    await rm(folder, { recursive: true });
    const second = await startSpool();
    await second.log.append([entry('hl7.messages', 'a/1', 'new')], signal);
    await until(async () => (await countOn('hl7.messages')) === 6, 'the new record is forwarded');
    expect(await valuesOn('hl7.messages', 'a/1')).toEqual([...numbers(5), 'new']);
  });

  test('a record that Kafka refuses for good becomes a dead letter and holds nothing up', async () => {
    await deleteTopics(site);
    site = kafkaSite(broker.bootstrap, randomPrefix());
    await createTopics(site, [], { 'max.message.bytes': '200000' });
    const large = { ...entry('hl7.messages', 'a/1', null), value: Buffer.alloc(400_000, 'x0y1z2').fill(0xab, 0, 10) };
    for (let at = 0; at < large.value.length; at += 4) large.value.writeUInt32BE((at * 2_654_435_761) % 2 ** 32, at);
    const embedded = await openEmbedded();
    await embedded.append(
      [entry('hl7.messages', 'a/1', 'before'), large, entry('hl7.messages', 'a/1', 'after')],
      signal,
    );
    const { facts } = await startSpool({ embedded });
    await until(async () => (await countOn('hl7.messages')) === 2, 'the others are forwarded');
    expect(await valuesOn('hl7.messages', 'a/1')).toEqual(['before', 'after']);
    const [letter] = await committedRecords(site, `${site.layout.topicPrefix}dead.letters`);
    const decoded = singleObjectCodec().decode('dead.letters', letter?.bytes ?? Buffer.alloc(0));
    expect(decoded).toMatchObject({
      ok: true,
      value: {
        site: 'a',
        stage: 'spool',
        code: 'spool.record_refused',
        position: { topic: 'hl7.messages', partition: 0, offset: 1 },
      },
    });
    if (decoded.ok) expect(Buffer.from(decoded.value.bytes).equals(large.value.subarray(0, 64 * 1024))).toBe(true);
    expect(facts.find(({ name }) => name === 'spool.record_refused')?.fields).toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
      offset: '1',
    });
  });

  test('tells of a link that stays away for a minute, and when it is back', async () => {
    const clock = new ManualClock();
    let away = true;
    const embedded = await openEmbedded();
    await embedded.append([entry('hl7.messages', 'a/1', '1')], signal);
    const { telemetry } = listeningTelemetry();
    const transactionalId = `${site.layout.topicPrefix}spool-site-a`;
    let tries = 0;
    const forwarder = await startForwarder({
      embedded,
      clock,
      open: async (cursorKey, stop) => {
        tries += 1;
        if (away) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
        return openTransferSession({ ...site, telemetry, transactionalId, cursorKey }, stop);
      },
    });
    const failing = (): readonly RecordedFact[] => forwarder.facts.filter(({ name }) => name === 'spool.link_failing');
    const passTime = async (durationMs: number): Promise<void> => {
      for (let passed = 0; passed < durationMs; passed += 500) {
        clock.advance(500);
        for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
      }
    };
    await until(() => tries > 0, 'it is tried');
    await passTime(50_000);
    expect(failing()).toEqual([]);
    await passTime(60_000);
    expect(failing()).toHaveLength(1);
    expect(failing()[0]?.fields).toMatchObject({ code: 'ECONNREFUSED', waiting: 1 });
    // Pauses grow to half a minute: two minutes hold few tries.
    expect(tries).toBeLessThan(14);
    away = false;
    const restored = (): boolean => forwarder.facts.some(({ name }) => name === 'spool.link_restored');
    await until(async () => {
      await passTime(500);
      return restored();
    }, 'it is told');
    expect(await valuesOn('hl7.messages', 'a/1')).toEqual(['1']);
  });

  test('drain forwards what waits, and ends at once without the link', async () => {
    const embedded = await openEmbedded();
    for (const value of numbers(3_000)) void embedded.append([entry('hl7.messages', 'a/1', value)], signal);
    await embedded.append([entry('hl7.messages', 'a/1', '3000')], signal);
    const { forwarder, log } = await startSpool({ embedded });
    await forwarder.drain(AbortSignal.timeout(20_000));
    await forwarder.ended;
    expect(await countOn('hl7.messages')).toBe(3_001);
    await log[Symbol.asyncDispose]();

    const away = { ...site, connection: { ...site.connection, brokers: [NOWHERE], connectionTimeoutMs: 100 } };
    const second = await startSpool({ kafka: away });
    await second.log.append([entry('hl7.messages', 'a/1', '3001')], signal);
    const startedMs = performance.now();
    await second.forwarder.drain(AbortSignal.timeout(5_000));
    expect(performance.now() - startedMs).toBeLessThan(5_500);
  });

  test('offers no tasks', async () => {
    const { log } = await startSpool();
    expect(() => log.run(task({ name: 'any' }))).toThrow(expect.objectContaining({ code: 'spool.no_tasks' }));
    expect(() => log.view(task({ name: 'any' }))).toThrow(expect.objectContaining({ code: 'spool.no_tasks' }));
  });
});
