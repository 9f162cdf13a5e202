// The ground gives way: processes killed, flushes that fail, disks that fill. What was acknowledged is there.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { hasTool } from '../../../requirements.ts';
import { collect, entry, signal, turns, until, untilRead, valuesOf } from '../log-under-test.ts';
import { counting } from './counting-task.ts';
import { openLog, temporaryFolder } from './temporary-log.ts';

const DIST = process.env['STUDYBRIDGE_DIST'] ?? fileURLToPath(new URL('../../../../dist', import.meta.url));
const PROGRAM = join(DIST, 'test/runtime/log/embedded/appending-process.js');
const built = existsSync(PROGRAM);
if (!built) console.warn('left out: tests of the log that need the built program (npm run build)');

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Life {
  readonly child: ChildProcess;
  readonly lines: string[];
}

function live(folder: string, life: string, under: readonly string[] = []): Life {
  const [command = '', ...args] = [...under, process.execPath, PROGRAM, folder, life];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  return { child, lines };
}

async function ended({ child }: Life): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  return child.exitCode;
}

async function freshFolder(): Promise<string> {
  const folder = await temporaryFolder();
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Every acknowledged id is there once, offsets have no gaps, and each key was counted 1, 2, 3 … without a miss. */
async function assertNothingLost(folder: string, acknowledged: readonly string[]): Promise<void> {
  const { log, close } = await openLog(folder);
  const ids: string[] = [];
  for await (const chunk of log.scan('hl7.messages', {}, signal)) {
    for (const { position, value } of chunk) {
      expect(position.offset).toBe(BigInt(ids.length));
      ids.push(Buffer.from(value ?? []).toString());
    }
  }
  expect(new Set(ids).size).toBe(ids.length);
  const stored = new Set(ids);
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
  await log.run(counting).start(signal);
  await untilRead(log, 'counting');
  const counts = new Map<string, number>();
  for (const [key, count] of await collect(log, 'studies')) {
    expect(Number(count)).toBe((counts.get(key) ?? 0) + 1);
    counts.set(key, Number(count));
  }
  expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(ids.length);
  await close();
}

test.skipIf(!built)(
  'Invariant 1: 20 kills at any moment lose nothing that was acknowledged',
  { timeout: 180_000 },
  async () => {
    const folder = await freshFolder();
    const acknowledged: string[] = [];
    for (let round = 0; round < 20; round += 1) {
      const life = live(folder, String(round));
      await until(() => life.lines.length > 1 + round * 37, 'the process has acknowledged some');
      life.child.kill('SIGKILL');
      await ended(life);
      acknowledged.push(...life.lines.filter((line) => line !== 'ready'));
    }
    await assertNothingLost(folder, acknowledged);
  },
);

test.skipIf(!built)('a second process is refused with log.in_use, and the first goes on', async () => {
  const folder = await freshFolder();
  const first = live(folder, 'first');
  cleanUps.push(async () => {
    first.child.kill('SIGKILL');
    await ended(first);
  });
  await until(() => first.lines.includes('ready'), 'the first process works');
  const second = live(folder, 'second');
  expect(await ended(second)).toBe(3);
  expect(second.lines).toEqual(['failed log.in_use']);
  const before = first.lines.length;
  await until(() => first.lines.length > before + 10, 'the first process goes on');
});

test.skipIf(!built || !hasTool('strace'))(
  'a flush that fails ends the process with 1, and what was acknowledged before it is there',
  { timeout: 180_000 },
  async () => {
    for (const passage of [25, 40, 60]) {
      const folder = await freshFolder();
      const inject = `inject=fdatasync:error=EIO:when=${passage}+`;
      const life = live(folder, 'life', ['strace', '-f', '-o', '/dev/null', '-e', 'trace=fdatasync', '-e', inject]);
      expect(await ended(life)).toBe(1);
      const acknowledged = life.lines.filter((line) => line !== 'ready');
      await assertNothingLost(folder, acknowledged);
    }
  },
);

const mounts = process.getuid?.() === 0 && spawnSync('mount', ['--version']).status === 0 && canMount();
if (!mounts) console.warn('left out: tests of a full disk (they need the right to mount a tmpfs)');

test.skipIf(!mounts).each([
  ['below the reserve', 12 * 1024 * 1024],
  ['at the last byte', 0],
])('a disk that is full %s refuses with log.full, loses nothing, and heals by itself', async (_name, reserveBytes) => {
  const folder = await smallDisk(48);
  const ballast = join(folder, 'ballast');
  const { log, clock, fatal, close } = await openLog(folder, { reserveBytes, mapSizeBytes: 2 ** 30 });
  cleanUps.push(close);
  await log.run(counting).start(signal);
  await writeFile(ballast, Buffer.alloc(16 * 1024 * 1024));
  const value = 'x'.repeat(100_000);
  let acknowledged = 0;
  const fill = async (): Promise<void> => {
    for (;;) {
      await log.append([entry('hl7.messages', 'a/1', value)], signal);
      acknowledged += 1;
      // Without a look in time, the commit itself finds no space.
      if (reserveBytes > 0) clock.advance(1_000);
      await turns(3);
    }
  };
  await expect(fill()).rejects.toMatchObject({ code: 'log.full' });
  expect(log.health()).toEqual({ writable: false, code: 'log.full' });
  expect(acknowledged).toBeGreaterThan(10);
  await rm(ballast);
  await until(() => {
    clock.advance(1_000);
    return log.health().writable;
  }, 'the log is writable again');
  await log.append([entry('hl7.messages', 'a/1', 'after')], signal);
  expect(await valuesOf(log, 'hl7.messages', 'a/1')).toHaveLength(acknowledged + 1);
  await until(async () => {
    clock.advance(1_000);
    return (await valuesOf(log, 'studies', 'a/1')).length === acknowledged + 1;
  }, 'the task has read everything');
  expect(fatal).toEqual([]);
});

function canMount(): boolean {
  const point = `/tmp/studybridge-mount-${process.pid}`;
  const mounted = spawnSync('sh', ['-c', `mkdir -p ${point} && mount -t tmpfs -o size=1m tmpfs ${point}`]).status === 0;
  spawnSync('sh', ['-c', `umount ${point}; rmdir ${point}`]);
  return mounted;
}

async function smallDisk(mebibytes: number): Promise<string> {
  const point = await freshFolder();
  const folder = join(point, 'disk');
  await mkdir(folder);
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder]);
  cleanUps.push(async () => void spawnSync('umount', [folder]));
  return folder;
}
