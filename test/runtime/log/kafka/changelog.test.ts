// A state restored from its changelog: what is read, what is dropped, and how far, on a log in memory and on a broker.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../../runtime/contracts/clock.ts';
import { silentTelemetry } from '../../../../runtime/contracts/telemetry.ts';
import { changeIn, changelogMessage, MARKER_KEY, restore } from '../../../../runtime/log/kafka/changelog.ts';
import {
  type ClusterReader,
  type FetchedPartition,
  type FetchedRecord,
  openClusterReader,
} from '../../../../runtime/log/kafka/cluster-reader.ts';
import type { StateChange } from '../../../../runtime/log/tasks/task-storage.ts';
import { openStateCache, type StateCache } from '../../../../runtime/state/state-cache.ts';
import { kafkaBroker, randomPrefix } from '../../../kafka/broker.ts';
import { signal } from '../log-under-test.ts';
import { connectionTo } from './transport-under-test.ts';

const broker = await kafkaBroker();

let folder: string;
let drops: string[];
const opened: AsyncDisposable[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'studybridge-cache-'));
  drops = [];
});
afterEach(async () => {
  for (const part of opened.splice(0)) await part[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function openCache(): Promise<StateCache> {
  const cache = await openStateCache({
    folder,
    identity: 'changelog',
    clock: systemClock,
    dropped: (reason) => drops.push(reason),
  });
  opened.push(cache);
  return cache;
}

function change(key: string, value: string | undefined): StateChange {
  return { store: 's', key, bytes: value === undefined ? undefined : Buffer.from(value) };
}

function read(cache: StateCache, key: string): string | undefined {
  const bytes = cache.store('s').get(key);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString();
}

/** One partition in memory, a few records a fetch. */
class FakeChangelog implements ClusterReader {
  readonly records: FetchedRecord[] = [];
  readonly asked: bigint[] = [];
  first = 0n;
  end = 0n;

  add(one: StateChange | undefined): void {
    const message =
      one === undefined ? { key: Buffer.from(MARKER_KEY), value: Buffer.from('1') } : changelogMessage(one);
    this.records.push({ offset: this.end, timestampMs: 0, headers: new Map(), ...message });
    this.end += 1n;
  }

  async fetch([wanted]: Parameters<ClusterReader['fetch']>[0]): Promise<readonly FetchedPartition[]> {
    const { topic = '', partition = 0, offset = 0n } = wanted ?? {};
    this.asked.push(offset);
    const records = this.records.filter((one) => one.offset >= offset && one.offset < offset + 3n);
    const next = offset + 3n < this.end ? offset + 3n : this.end;
    const outOfRange = offset < this.first || offset > this.end;
    const ends = { lastStableOffset: this.end, highWatermark: this.end };
    return [{ topic, partition, records: outOfRange ? [] : records, next, bytes: 0, outOfRange, ...ends }];
  }

  async offsets(topics: readonly string[]): Promise<ReadonlyMap<string, readonly bigint[]>> {
    return new Map(topics.map((topic) => [topic, [this.first]]));
  }

  offsetsAt = () => Promise.reject(new Error('not asked'));
  groupPositions = () => Promise.reject(new Error('not asked'));
  clusterId = () => Promise.reject(new Error('not asked'));
  async [Symbol.asyncDispose](): Promise<void> {}
}

async function restored(reader: ClusterReader, cache: StateCache, through: bigint) {
  return await restore({ reader, topic: 't', partition: 0, cache, through, signal });
}

describe('the record of a change', () => {
  test('is read as it was written, and anything else is no change', () => {
    const asRecord = (one: { key: Buffer | null; value: Buffer | null }): FetchedRecord => {
      return { offset: 0n, timestampMs: 0, headers: new Map(), ...one };
    };
    const changes = [
      change('site/a/ü', 'v'),
      change('k', undefined),
      change('k', ''),
      { ...change('x', '1'), store: '#due' },
    ];
    expect(changes.map((one) => changeIn(asRecord(changelogMessage(one))))).toEqual(changes);
    const keys = [null, Buffer.from(MARKER_KEY), Buffer.from('s/'), Buffer.from(`s/${'k'.repeat(1_901)}`)];
    for (const key of keys) expect(changeIn(asRecord({ key, value: null }))).toBeUndefined();
  });
});

describe('restoring', () => {
  test('reads up to the marker and nothing of it or beyond, the newest of each key', async () => {
    const log = new FakeChangelog();
    for (const one of [change('a', '1'), change('b', '1'), change('a', '2'), change('b', undefined)]) log.add(one);
    log.add(undefined);
    log.add(change('a', 'beyond'));
    const cache = await openCache();
    expect(await restored(log, cache, 4n)).toEqual({ changes: 4, from: 0n });
    expect([read(cache, 'a'), read(cache, 'b'), cache.appliedTo]).toEqual(['2', undefined, 4n]);
    expect(drops).toEqual([]);
  });

  test('with a copy reads only what the copy has not seen', async () => {
    const log = new FakeChangelog();
    for (let index = 0; index < 10; index += 1) log.add(change(`k${index}`, '1'));
    const cache = await openCache();
    await restored(log, cache, 8n);
    log.asked.length = 0;
    expect(await restored(log, cache, 10n)).toEqual({ changes: 2, from: 8n });
    expect(log.asked).toEqual([8n]);
    expect(await restored(log, cache, 10n)).toEqual({ changes: 0, from: 10n });
  });

  test('drops a copy that reaches beyond the marker: the topic was made anew', async () => {
    const log = new FakeChangelog();
    log.add(change('a', 'anew'));
    const cache = await openCache();
    await cache.apply([change('a', 'old'), change('b', 'old')], 900n, systemClock.nowMs());
    expect(await restored(log, cache, 1n)).toEqual({ changes: 1, from: 0n });
    expect([read(cache, 'a'), read(cache, 'b')]).toEqual(['anew', undefined]);
    expect(drops).toEqual(['beyond_end']);
  });

  test('drops a copy that ends before the log begins: deletions may be gone', async () => {
    const log = new FakeChangelog();
    for (let index = 0; index < 10; index += 1) log.add(change(`k${index}`, '1'));
    const cache = await openCache();
    await cache.apply([change('deleted meanwhile', 'old')], 4n, systemClock.nowMs());
    log.first = 5n;
    expect(await restored(log, cache, 10n)).toEqual({ changes: 5, from: 5n });
    expect(read(cache, 'deleted meanwhile')).toBeUndefined();
    expect(drops).toEqual(['before_first']);
  });

  test('that was broken off is repeated from where the copy was whole', async () => {
    const log = new FakeChangelog();
    for (let index = 0; index < 6; index += 1) log.add(change(`k${index}`, '1'));
    const cache = await openCache();
    const abort = new AbortController();
    const fetch = log.fetch.bind(log);
    log.fetch = async (wanted) => {
      if (log.asked.length > 0) abort.abort(new Error('enough'));
      return await fetch(wanted);
    };
    const options = { reader: log, topic: 't', partition: 0, cache, through: 6n, signal: abort.signal };
    await expect(restore(options)).rejects.toThrow('enough');
    expect(cache.appliedTo).toBeUndefined();
    log.fetch = fetch;
    expect(await restored(log, cache, 6n)).toEqual({ changes: 6, from: 0n });
  });

  test('leaves a copy as old as its oldest part until it is whole', async () => {
    const log = new FakeChangelog();
    log.add(change('a', '1'));
    const cache = await openCache();
    const beforeMs = systemClock.nowMs() - 3_600_000;
    await cache.apply([], 0n, beforeMs);
    const ages: (number | undefined)[] = [];
    const fetch = log.fetch.bind(log);
    log.fetch = async (wanted) => {
      ages.push(cache.currentAtMs);
      return await fetch(wanted);
    };
    await restored(log, cache, 1n);
    expect(ages).toEqual([beforeMs]);
    expect(cache.currentAtMs).toBeGreaterThan(beforeMs);
  });

  test('rejects when the log has lost what stood before the marker', async () => {
    const log = new FakeChangelog();
    log.add(change('a', '1'));
    const fetch = log.fetch.bind(log);
    log.fetch = async (wanted) => (await fetch(wanted)).map((one) => ({ ...one, outOfRange: true }));
    await expect(restored(log, await openCache(), 1n)).rejects.toMatchObject({ code: 'log.unavailable' });
  });
});

describe.skipIf(!broker.available)('restoring from a broker', () => {
  test('brings what was committed before the marker and nothing that was aborted', async () => {
    const topic = `${randomPrefix()}task.changelog`;
    const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
    await admin.disconnect();
    const producer = kafka.producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const send = async (changes: readonly StateChange[], end: 'commit' | 'abort'): Promise<void> => {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: changes.map(changelogMessage) });
      await transaction[end]();
    };
    const many = Array.from({ length: 20_000 }, (_, index) => change(`key-${(index * 7_919) % 10_007}`, `${index}`));
    for (let from = 0; from < many.length; from += 5_000) {
      await send(many.slice(from, from + 5_000), 'commit');
      await send([change('aborted', `${from}`), change('key-0', 'aborted')], 'abort');
    }
    await send([change('key-1', undefined)], 'commit');
    const marker = await producer.transaction();
    const [told] = await marker.send({ topic, messages: [{ key: MARKER_KEY, value: '1' }] });
    await marker.commit();
    await producer.disconnect();

    const reader = await openClusterReader(connectionTo(broker.bootstrap), silentTelemetry);
    opened.push(reader);
    const cache = await openCache();
    const through = BigInt(told?.baseOffset ?? '-1');
    const options = { reader, topic, partition: 0, cache, through, signal };
    expect(await restore(options)).toEqual({ changes: 20_001, from: 0n });
    const expected = new Map(many.map(({ key, bytes }) => [key, Buffer.from(bytes ?? []).toString()]));
    expected.delete('key-1');
    const found = cache.store('s').page('', undefined, 100_000);
    expect(new Map(found.map(([key, bytes]) => [key, Buffer.from(bytes).toString()]))).toEqual(expected);
    expect(await restore(options)).toEqual({ changes: 0, from: through });
  });
});
