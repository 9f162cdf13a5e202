// Retention: by age, by key, never what a task has yet to read, and without growth of the file.
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TopicName } from '../../../../schemas/records.ts';
import { collect, entry, signal, task, until, untilRead } from '../log-under-test.ts';
import { openLog, type TemporaryLog, temporaryFolder } from './temporary-log.ts';

const DAY_MS = 86_400_000;
let opened: TemporaryLog;

beforeEach(async () => {
  opened = await openLog(await temporaryFolder(), { retentionMs: { 'hl7.messages': 10 * DAY_MS, 'dead.letters': 0 } });
});
afterEach(async () => {
  await opened.close();
  await rm(opened.folder, { recursive: true, force: true });
});

const reader = (...inputs: readonly TopicName[]) => task({ name: 'reader', inputs });

/** Lets time pass until a whole sweep has been made: topics are swept in order, and dead.letters is the last. */
async function sweepAfter(durationMs: number): Promise<void> {
  await opened.log.append([entry('dead.letters', 'a/witness', 'x')], signal);
  opened.clock.advance(Math.max(durationMs, 0));
  const beforeMs = opened.clock.nowMs();
  await until(async () => {
    opened.clock.advance(60_000);
    return !(await keysOf('dead.letters')).includes('a/witness');
  }, 'the witness is gone');
  expect(opened.clock.nowMs() - beforeMs).toBeLessThan(DAY_MS);
}

async function appended(topic: TopicName, count: number, keys = count, value: string | null = 'x'): Promise<void> {
  const entries = Array.from({ length: count }, (_, index) => entry(topic, `a/${index % keys}`, value));
  await opened.log.append(entries, signal);
}

async function keysOf(topic: TopicName): Promise<readonly string[]> {
  return (await collect(opened.log, topic)).map(([key]) => key);
}

test('retention: what is older than the topic keeps goes, and offsets go on after an emptied topic and a restart', async () => {
  await opened.log.run(reader('hl7.messages')).start(signal);
  await appended('hl7.messages', 2_000);
  await untilRead(opened.log, 'reader');
  opened.clock.advance(5 * DAY_MS);
  await appended('hl7.messages', 3);
  await untilRead(opened.log, 'reader');
  opened.clock.advance(6 * DAY_MS);
  await until(async () => (await keysOf('hl7.messages')).length === 3, 'the old records are gone');
  opened.clock.advance(6 * DAY_MS);
  await until(async () => (await keysOf('hl7.messages')).length === 0, 'all records are gone');
  const { folder } = opened;
  await opened.close();
  opened = await openLog(folder);
  const [position] = await opened.log.append([entry('hl7.messages', 'a/1', 'x')], signal);
  expect(position?.offset).toBe(2_003n);
});

test('retention: what a task has yet to read stays, however old it is', async () => {
  const service = opened.log.run(reader('hl7.messages'));
  await appended('hl7.messages', 10);
  await sweepAfter(100 * DAY_MS);
  expect(await keysOf('hl7.messages')).toHaveLength(10);
  await service.start(signal);
  await untilRead(opened.log, 'reader');
  await sweepAfter(0);
  expect(await keysOf('hl7.messages')).toHaveLength(0);
});

test('compaction: the latest record of each key stays, whatever its age, and a record without a value ends its key', async () => {
  await opened.log.run(reader('study.images')).start(signal);
  await appended('study.images', 1_500, 50);
  await appended('study.images', 5, 5, null);
  await appended('study.images', 60, 60, 'last');
  await appended('study.images', 2, 2, null);
  await untilRead(opened.log, 'reader');
  opened.clock.advance(400 * DAY_MS);
  await until(async () => (await keysOf('study.images')).length === 58, 'replaced records are gone');
  expect(new Set((await collect(opened.log, 'study.images')).map(([, value]) => value))).toEqual(new Set(['last']));
  // What comes later is compacted too, and only after its lag.
  await appended('study.images', 10, 10, 'newer');
  await untilRead(opened.log, 'reader');
  await sweepAfter(0);
  expect(await keysOf('study.images')).toHaveLength(68);
  opened.clock.advance(DAY_MS);
  await until(async () => (await keysOf('study.images')).length === 60, 'the replaced ones are gone');
});

test('compaction: what a task has yet to read is never replaced', async () => {
  opened.log.run(reader('cloud.requests'));
  await appended('cloud.requests', 100, 1);
  await sweepAfter(80 * DAY_MS);
  expect(await keysOf('cloud.requests')).toHaveLength(100);
});

test('retention: a process that only looks into the directory removes nothing', async () => {
  await appended('hl7.messages', 10);
  opened.clock.advance(100 * DAY_MS);
  // There is no sweep to wait for; one that removed would have done so by then.
  await new Promise<void>((resolve) => setTimeout(resolve, 100));
  expect(await keysOf('hl7.messages')).toHaveLength(10);
});

test('retention: the file does not grow while as much is removed as is appended', async () => {
  await opened.log.run(reader('hl7.messages')).start(signal);
  const sizes: number[] = [];
  for (let round = 0; round < 12; round += 1) {
    await appended('hl7.messages', 2_000, 2_000, 'x'.repeat(1_000));
    await untilRead(opened.log, 'reader');
    opened.clock.advance(11 * DAY_MS);
    await until(async () => (await keysOf('hl7.messages')).length === 0, 'the round is gone');
    sizes.push((await stat(join(opened.folder, 'log.mdb'))).size);
  }
  expect(sizes.at(-1)).toBeLessThanOrEqual((sizes[3] ?? 0) * 1.1);
});
