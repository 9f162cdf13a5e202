// A processor that throws: nothing half done, three attempts, then the record is set aside and the rest goes on.
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { singleObjectCodec } from '../../../../codecs/avro/record-codec.ts';
import { collect, entry, signal, task, text, until, untilRead, valuesOf } from '../log-under-test.ts';
import { openLog, type TemporaryLog, temporaryFolder } from './temporary-log.ts';

let folder: string;
let opened: TemporaryLog;
beforeEach(async () => {
  folder = await temporaryFolder();
  opened = await openLog(folder);
});
afterEach(async () => {
  await opened.close();
  await rm(folder, { recursive: true, force: true });
});

const fragile = task({
  name: 'fragile',
  process: ({ key, value }, { emit, timers, nowMs }) => {
    emit(entry('studies', key, text(value)));
    if (text(value) === 'poison') throw new Error(`cannot stand ${text(value)}`);
    if (text(value) === 'timer') timers.schedule(key, nowMs);
  },
  wake: () => {
    throw new RangeError('cannot wake');
  },
});

async function restarted(): Promise<void> {
  await opened.close();
  opened = await openLog(folder);
  await opened.log.run(fragile).start(signal);
}

async function letters(): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for await (const chunk of opened.log.scan('dead.letters', {}, signal)) {
    for (const { value } of chunk) found.push(singleObjectCodec().decode('dead.letters', value ?? Buffer.alloc(0)));
  }
  return found;
}

test('a record that makes the processor throw ends the process twice and is a dead letter at the third attempt', async () => {
  const values = ['1', '2', 'poison', '3'];
  await opened.log.append(
    values.map((value) => entry('hl7.messages', 'a/1', value)),
    signal,
  );
  await opened.log.run(fragile).start(signal);
  for (const attempt of [1, 2]) {
    await until(() => opened.fatal.length === 1, `attempt ${attempt} ends the process`);
    expect(opened.fatal[0]?.message).not.toContain('poison');
    expect(await valuesOf(opened.log, 'studies', 'a/1')).toEqual(['1', '2']);
    expect(await letters()).toEqual([]);
    await restarted();
  }
  await untilRead(opened.log, 'fragile');
  expect(opened.fatal).toEqual([]);
  expect(await valuesOf(opened.log, 'studies', 'a/1')).toEqual(['1', '2', '3']);
  expect(await letters()).toMatchObject([
    {
      ok: true,
      value: { stage: 'fragile', code: 'task.processor_failed', position: { topic: 'hl7.messages', offset: 2 } },
    },
  ]);
});

test('a timer that makes the processor throw is a dead letter at the third attempt', async () => {
  await opened.log.append([entry('hl7.messages', 'a/1', 'timer')], signal);
  await opened.log.run(fragile).start(signal);
  for (const attempt of [1, 2]) {
    await until(() => opened.fatal.length === 1, `attempt ${attempt} ends the process`);
    await restarted();
  }
  await until(async () => (await letters()).length === 1, 'the timer is set aside');
  expect(await letters()).toMatchObject([
    { ok: true, value: { code: 'task.processor_failed', key: 'a/1', position: null } },
  ]);
  expect(await collect(opened.log, 'studies')).toHaveLength(1);
});
