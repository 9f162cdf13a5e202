// The embedded log under a spool: what is not forwarded stays, however old it is.
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { singleObjectCodec } from '../../../../codecs/avro/record-codec.ts';
import { silentTelemetry } from '../../../../runtime/contracts/telemetry.ts';
import { type EmbeddedLog, openEmbeddedLog } from '../../../../runtime/log/embedded/embedded-log.ts';
import { SpoolReader } from '../../../../runtime/log/spool/spool-reader.ts';
import { temporaryFolder } from '../embedded/temporary-log.ts';
import { collect, entry, signal, turns, until } from '../log-under-test.ts';
import { ManualClock } from '../manual-clock.ts';

const DAY_MS = 86_400_000;
let folder: string;
let clock: ManualClock;
let log: EmbeddedLog;

beforeEach(async () => {
  folder = await temporaryFolder();
  clock = new ManualClock();
  log = await open();
});
afterEach(async () => {
  await log[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function open(): Promise<EmbeddedLog> {
  return openEmbeddedLog({
    folder,
    clock,
    telemetry: silentTelemetry,
    codec: singleObjectCodec(),
    reserveBytes: 1024 * 1024,
    commitDeadlineMs: 1e12,
    onFatal: () => {},
  });
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => entry('hl7.messages', `a/${index}`, 'x'));

test('retention removes what was forwarded, and nothing else', async () => {
  const reader = new SpoolReader(log, () => {});
  await log.append(numbered(1_000), signal);
  await reader.note(new Map([['hl7.messages', { next: 600n, lastAppendedAtMs: null }]]));
  clock.advance(400 * DAY_MS);
  await until(async () => {
    clock.advance(60_000);
    return (await collect(log, 'hl7.messages')).length <= 400;
  }, 'what was forwarded is gone');
  for (let sweep = 0; sweep < 5; sweep += 1) {
    clock.advance(60_000);
    await turns(50);
  }
  const left = await collect(log, 'hl7.messages');
  expect(left.map(([key]) => key)).toEqual(Array.from({ length: 400 }, (_, index) => `a/${index + 600}`));
});

test('the copy of the cursor and the identity of the log outlive a restart, and status shows them', async () => {
  const before = new SpoolReader(log, () => {});
  const identity = await before.identity();
  await log.append(numbered(10), signal);
  await before.note(new Map([['hl7.messages', { next: 4n, lastAppendedAtMs: null }]]));
  await log[Symbol.asyncDispose]();
  log = await open();
  const after = new SpoolReader(log, () => {});
  expect(await after.identity()).toBe(identity);
  expect(after.noted('hl7.messages')).toBe(4n);
  expect(after.waiting(undefined)).toBe(6);
  const { tasks } = await log.describe();
  expect(tasks).toMatchObject([{ task: 'spool', inputs: [{ topic: 'hl7.messages', position: 4n, end: 10n }, {}, {}] }]);
});
