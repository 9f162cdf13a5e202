// The migration's process is killed again and again, within its transactions too, and comes through whole.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from 'vitest';
import { silentTelemetry } from '../../../runtime/contracts/telemetry.ts';
import { createTopics } from '../../../runtime/log/kafka/topic-admin.ts';
import { expectedTopics } from '../../../runtime/log/kafka/topic-settings.ts';
import type { MigrationReport } from '../../../runtime/migrate/migration-report.ts';
import { DIST_FOLDER } from '../../compiled-tree.ts';
import { kafkaBroker, randomPrefix } from '../../kafka/broker.ts';
import { openLog, temporaryFolder } from '../log/embedded/temporary-log.ts';
import { connectionTo, deleteTopics, layoutOf } from '../log/kafka/temporary-kafka-log.ts';
import { entry, signal, untilRead } from '../log/log-under-test.ts';
import { counter } from './quiet-counter.ts';

const PROGRAM = join(DIST_FOLDER, 'test/runtime/migrate/migrating-process.js');
const built = existsSync(PROGRAM);
if (!built) console.warn('left out: the killed migration, which needs the built program (npm run build)');
const broker = await kafkaBroker();

const KEYS = 8_000;
/** Step, and at which of its signs of progress: a moment later a transaction or a comparison is under way. */
const KILLS: readonly (readonly [step: string, sign: number])[] = [
  ['records', 1],
  ['records', 2],
  ['records', 5],
  ['checking records', 3],
  ['states', 1],
  ['states', 2],
  ['states', 5],
  ['checking states', 2],
];
const MOMENT_MS = 15;
const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

test.skipIf(!built || !broker.available)(
  `a migration killed ${KILLS.length} times comes through with every record and entry once`,
  { timeout: 180_000 },
  async () => {
    const folder = await temporaryFolder();
    cleanUps.push(() => rm(folder, { recursive: true, force: true }));
    await fill(folder);
    const layout = layoutOf(randomPrefix());
    const topics = expectedTopics(layout, [counter, { name: 'spool' }]);
    await createTopics(connectionTo(broker.bootstrap), silentTelemetry, topics);
    cleanUps.push(() =>
      deleteTopics(
        connectionTo(broker.bootstrap),
        topics.map(({ name }) => name),
      ),
    );
    for (const kill of KILLS) {
      const lines = await life([folder, broker.bootstrap, layout.topicPrefix], kill);
      expect(lines).toContain(kill[0]);
      expect(lines.filter((line) => line.startsWith('failed') || line.startsWith('report'))).toEqual([]);
    }
    const lines = await life([folder, broker.bootstrap, layout.topicPrefix], undefined);
    const report: MigrationReport = JSON.parse(lines.find((line) => line.startsWith('report'))?.slice(7) ?? '{}');
    expect(report.finishedBefore).toBe(false);
    expect(report.topics.find(({ topic }) => topic === 'hl7.messages')).toMatchObject({ embedded: KEYS, kafka: KEYS });
    expect(report.topics.find(({ topic }) => topic === 'studies')).toMatchObject({ embedded: KEYS, kafka: KEYS });
    for (const store of ['counts', '#timers', '#due']) {
      expect(report.stores.find((row) => row.store === store)).toMatchObject({ entries: KEYS, kafka: KEYS });
    }
  },
);

async function fill(folder: string): Promise<void> {
  const embedded = await openLog(folder);
  const service = embedded.log.run(counter);
  await service.start(signal);
  const entries = Array.from({ length: KEYS }, (_, key) =>
    entry('hl7.messages', `site-${key % 7}/${key}`, 'x'.repeat(300)),
  );
  for (let at = 0; at < KEYS; at += 500) await embedded.log.append(entries.slice(at, at + 500), signal);
  await untilRead(embedded.log, 'counter');
  await service.drain(signal);
  await embedded.close();
}

/** Without a kill it lives to its end. */
async function life(args: readonly string[], kill: (typeof KILLS)[number] | undefined): Promise<readonly string[]> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said: string[] = [];
  let signs = 0;
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    said.push(line);
    if (line === kill?.[0]) signs += 1;
    if (signs === kill?.[1]) setTimeout(() => child.kill('SIGKILL'), Math.random() * MOMENT_MS);
  });
  await Promise.all([once(child, 'exit'), once(lines, 'close')]);
  return said;
}
