// When the local copy of a state is taken up again, and when it is dropped.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StateChange } from '../../../runtime/log/tasks/task-storage.ts';
import { openStateCache, type StateCache } from '../../../runtime/state/state-cache.ts';
import { until } from '../log/log-under-test.ts';
import { ManualClock } from '../log/manual-clock.ts';

const DIST = process.env['STUDYBRIDGE_DIST'] ?? fileURLToPath(new URL('../../../dist', import.meta.url));
const PROGRAM = join(DIST, 'test/runtime/state/caching-process.js');
const built = existsSync(PROGRAM);
if (!built) console.warn('left out: tests of the state cache that need the built program (npm run build)');

const HOUR_MS = 3_600_000;

describe('a state cache', () => {
  let folder: string;
  let clock: ManualClock;
  let drops: string[];
  const opened: StateCache[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'studybridge-cache-'));
    clock = new ManualClock();
    drops = [];
  });
  afterEach(async () => {
    for (const cache of opened.splice(0)) await cache[Symbol.asyncDispose]();
    for (const name of ['', '.spare-1']) await rm(`${folder}${name}`, { recursive: true, force: true });
  });

  async function open(identity = 'copy'): Promise<StateCache> {
    const cache = await openStateCache({ folder, identity, clock, dropped: (reason) => drops.push(reason) });
    opened.push(cache);
    return cache;
  }

  /** Moves the clock, by so much at most, until it is open. */
  async function untilOpened(opening: Promise<StateCache>, withinMs: number): Promise<void> {
    let isOpen = false;
    void opening.then(() => {
      isOpen = true;
    });
    const lastMs = clock.nowMs() + withinMs;
    await until(() => {
      if (!isOpen && clock.nowMs() < lastMs) clock.advance(20);
      return isOpen;
    }, 'the cache is open');
  }

  async function written(): Promise<StateCache> {
    const cache = await open();
    await cache.apply([set('a', 'k', '1'), set('b', 'k', '2')], 7n, clock.nowMs());
    return cache;
  }

  /** Killed in the middle of its rounds. */
  async function cachingProcess(rounds: number): Promise<{ readonly lines: readonly string[] }> {
    const child = spawn(process.execPath, [PROGRAM, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      lines.push(...chunk.split('\n').filter(Boolean));
      if (lines.length > rounds) child.kill('SIGKILL');
    });
    await once(child, 'close');
    return { lines };
  }

  /** As it is after the process was killed: in use by nobody, and never closed. */
  async function killed(): Promise<void> {
    const cache = await written();
    const mark = await readFile(join(folder, 'mark'));
    await cache[Symbol.asyncDispose]();
    await writeFile(join(folder, 'mark'), mark);
  }

  async function expectDropped(cache: StateCache, reason: string): Promise<void> {
    expect(drops).toEqual([reason]);
    expect(cache.appliedTo).toBeUndefined();
    expect(cache.store('a').get('k')).toBeUndefined();
    await cache.apply([set('a', 'k', 'anew')], 1n, clock.nowMs());
    expect(read(cache, 'a', 'k')).toBe('anew');
  }

  test('begins empty, which is no drop', async () => {
    const cache = await open();
    expect(cache.appliedTo).toBeUndefined();
    expect(cache.currentAtMs).toBeUndefined();
    expect(cache.store('a').page('', undefined, 10)).toEqual([]);
    expect(drops).toEqual([]);
  });

  test('shows what was applied when the promise resolves, store by store', async () => {
    const cache = await written();
    expect([read(cache, 'a', 'k'), read(cache, 'b', 'k')]).toEqual(['1', '2']);
    for (let round = 0; round < 50; round += 1) {
      await cache.apply([set('a', 'k', `round ${round}`)], 8n, clock.nowMs());
      expect(read(cache, 'a', 'k')).toBe(`round ${round}`);
    }
    await cache.apply([{ store: 'a', key: 'k', bytes: undefined }], 9n, clock.nowMs());
    expect(cache.store('a').get('k')).toBeUndefined();
    expect(read(cache, 'b', 'k')).toBe('2');
    expect(cache.appliedTo).toBe(9n);
  });

  test('gives pages in the order of the keys’ UTF-8 bytes', async () => {
    const cache = await open();
    const keys = ['p/b', 'p/\u{1F600}', 'p/\uFF21', 'p/a', 'q', 'p/é'];
    await cache.apply(
      keys.map((key) => set('a', key, key)),
      1n,
      clock.nowMs(),
    );
    const first = cache.store('a').page('p/', undefined, 3);
    const rest = cache.store('a').page('p/', first.at(-1)?.[0], 10);
    expect([...first, ...rest].map(([key]) => key)).toEqual(['p/a', 'p/b', 'p/é', 'p/\uFF21', 'p/\u{1F600}']);
  });

  test('is taken up again after a clean close', async () => {
    await (await written())[Symbol.asyncDispose]();
    const cache = await open();
    expect(drops).toEqual([]);
    expect([cache.appliedTo, cache.currentAtMs, read(cache, 'b', 'k')]).toEqual([7n, clock.nowMs(), '2']);
  });

  test('is taken up again after a clean close even when the machine was restarted since', async () => {
    await (await written())[Symbol.asyncDispose]();
    await markAs(folder, /^closed \S*/, 'closed another-boot');
    expect(read(await open(), 'a', 'k')).toBe('1');
    expect(drops).toEqual([]);
  });

  test('is taken up again after its process was killed on a machine that still runs', async () => {
    await killed();
    expect(read(await open(), 'a', 'k')).toBe('1');
    expect(drops).toEqual([]);
  });

  test('is dropped when the machine was restarted while it was open: its pages may be torn', async () => {
    await killed();
    await markAs(folder, /^open \S*/, 'open another-boot');
    await expectDropped(await open(), 'machine_restarted');
  });

  test('is dropped when nobody can tell whether the machine was restarted', async () => {
    await killed();
    await markAs(folder, /^open \S*/, 'open ');
    await expectDropped(await open(), 'machine_restarted');
  });

  test('is marked as open before anything is written to it', async () => {
    await (await written())[Symbol.asyncDispose]();
    await open();
    expect(await readFile(join(folder, 'mark'), 'utf8')).toMatch(/^open /);
  });

  test('is dropped when it is a copy of something else', async () => {
    await (await written())[Symbol.asyncDispose]();
    await expectDropped(await open('another'), 'other_identity');
  });

  test('is dropped without its mark, or with one that cannot be read', async () => {
    await (await written())[Symbol.asyncDispose]();
    await writeFile(join(folder, 'mark'), 'scribble');
    await expectDropped(await open(), 'unmarked');
  });

  test('is dropped when its last opening came to no end', async () => {
    await killed();
    await markAs(folder, /^open/, 'opening');
    await expectDropped(await open(), 'unreadable');
  });

  test.skipIf(!built)('ends at most one process when LMDB cannot read it', async () => {
    await killed();
    await writeFile(join(folder, 'state.mdb'), Buffer.alloc(8_192, 0x55));
    const { lines: crashed } = await cachingProcess(1);
    expect(crashed).toEqual([]);
    const { lines } = await cachingProcess(1);
    expect(lines.slice(0, 2)).toEqual(['dropped unreadable', '1']);
  });

  test('is dropped when the changelog may have forgotten deletions since', async () => {
    await (await written())[Symbol.asyncDispose]();
    clock.advance(11 * HOUR_MS);
    const cache = await open();
    expect(drops).toEqual([]);
    await cache[Symbol.asyncDispose]();
    clock.advance(2 * HOUR_MS);
    await expectDropped(await open(), 'aged');
  });

  test('is as old as the time that is told with what was applied, not as the write', async () => {
    const cache = await open();
    const begunMs = clock.nowMs();
    clock.advance(13 * HOUR_MS);
    await cache.apply([set('a', 'k', 'late')], 7n, begunMs);
    await cache[Symbol.asyncDispose]();
    await expectDropped(await open(), 'aged');
  });

  test('is dropped when it seems to come from the future', async () => {
    await (await written())[Symbol.asyncDispose]();
    clock.advance(-2 * HOUR_MS);
    await expectDropped(await open(), 'aged');
  });

  test('is empty after it was cleared, and takes everything anew', async () => {
    const cache = await written();
    await cache.clear();
    expect([cache.appliedTo, cache.currentAtMs]).toEqual([undefined, undefined]);
    expect(cache.store('a').page('', undefined, 10)).toEqual([]);
    await cache.apply([set('b', 'k', 'anew')], 1n, clock.nowMs());
    expect([cache.store('a').get('k'), read(cache, 'b', 'k')]).toEqual([undefined, 'anew']);
  });

  test('tells why it was dropped while it is open', async () => {
    const cache = await written();
    await cache.drop('beyond_end');
    await expectDropped(cache, 'beyond_end');
  });

  test('that could not be written begins empty the next time', async () => {
    const cache = await written();
    const tooLong = set('a', 'k'.repeat(3_000), 'v');
    await expect(cache.apply([tooLong], 8n, clock.nowMs())).rejects.toMatchObject({ code: 'log.commit_failed' });
    await expect(cache.apply([], 9n, clock.nowMs())).rejects.toMatchObject({ code: 'log.commit_failed' });
    await cache[Symbol.asyncDispose]();
    expect((await open()).appliedTo).toBeUndefined();
  });

  test('whose folder is in use waits for a moment, and takes the copy along when it is closed', async () => {
    const before = await written();
    const opening = open();
    await before[Symbol.asyncDispose]();
    await untilOpened(opening, 100);
    expect(read(await opening, 'a', 'k')).toBe('1');
  });

  test('whose folder stays in use begins anew in a spare one, which is not kept', async () => {
    await written();
    for (let round = 0; round < 2; round += 1) {
      const opening = open();
      await untilOpened(opening, 10_000);
      const spare = await opening;
      expect(spare.appliedTo).toBeUndefined();
      await spare.apply([set('a', 'k', 'spare')], 8n, clock.nowMs());
      await spare[Symbol.asyncDispose]();
    }
    expect(drops).toEqual([]);
    await opened[0]?.[Symbol.asyncDispose]();
    expect(read(await open(), 'a', 'k')).toBe('1');
  });

  test('takes no more changes when it is closed, and finishes those under way', async () => {
    const cache = await open();
    const applying = cache.apply([set('a', 'k', 'last')], 3n, clock.nowMs());
    const closing = cache[Symbol.asyncDispose]();
    await Promise.all([applying, closing]);
    await expect(cache.apply([], 4n, clock.nowMs())).rejects.toMatchObject({ code: 'log.closed' });
    expect((await open()).appliedTo).toBe(3n);
  });

  test('can be read by its owner only', async () => {
    await written();
    for (const name of ['state.mdb', 'state.mdb-lock', 'mark']) {
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    }
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  test.skipIf(!built)('holds whole rounds only after kill -9, as far as its process has told', async () => {
    let told = 0;
    for (let life = 0; life < 5; life += 1) {
      const { lines } = await cachingProcess(20 + life);
      expect(lines.filter((line) => line.startsWith('dropped'))).toEqual([]);
      told = Number(lines.at(-1));
    }
    // It was written by the wall clock.
    clock.advance(Date.now() - clock.nowMs());
    const cache = await open();
    expect(drops).toEqual([]);
    expect(Number(cache.appliedTo)).toBeGreaterThanOrEqual(told);
    const values = new Set(
      cache
        .store('rounds')
        .page('', undefined, 1_000)
        .map(([, bytes]) => Buffer.from(bytes).toString()),
    );
    expect(values).toEqual(new Set([String(cache.appliedTo)]));
  });
});

function set(store: string, key: string, value: string): StateChange {
  return { store, key, bytes: Buffer.from(value) };
}

function read(cache: StateCache, store: string, key: string): string {
  return Buffer.from(cache.store(store).get(key) ?? []).toString();
}

async function markAs(folder: string, found: RegExp, written: string): Promise<void> {
  const path = join(folder, 'mark');
  const text = await readFile(path, 'utf8');
  expect(text).toMatch(found);
  await writeFile(path, text.replace(found, written));
}
