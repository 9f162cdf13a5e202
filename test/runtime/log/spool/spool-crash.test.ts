// The spool's process is killed again and again: what was acknowledged is on Kafka once and in order.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from 'vitest';
import { singleObjectCodec } from '../../../../codecs/avro/record-codec.ts';
import { systemClock } from '../../../../runtime/contracts/clock.ts';
import { silentTelemetry } from '../../../../runtime/contracts/telemetry.ts';
import { openEmbeddedLog } from '../../../../runtime/log/embedded/embedded-log.ts';
import { openSpoolLog } from '../../../../runtime/log/spool/spool-log.ts';
import { DIST_FOLDER } from '../../../compiled-tree.ts';
import { kafkaBroker, randomPrefix } from '../../../kafka/broker.ts';
import { temporaryFolder } from '../embedded/temporary-log.ts';
import { committedRecords, createTopics, deleteTopics, kafkaSite } from '../kafka-topics.ts';
import { signal } from '../log-under-test.ts';

const PROGRAM = join(DIST_FOLDER, 'test/runtime/log/spool/spooling-process.js');
const built = existsSync(PROGRAM);
if (!built) console.warn('left out: the killed spool, which needs the built program (npm run build)');
const broker = await kafkaBroker();
const LIVES = 8;

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

test.skipIf(!built || !broker.available)(
  `Invariant 1: what a spool acknowledged is on Kafka once and in order after ${LIVES} kills`,
  { timeout: 120_000 },
  async () => {
    const folder = await temporaryFolder();
    const site = kafkaSite(broker.bootstrap, randomPrefix());
    cleanUps.push(
      () => rm(folder, { recursive: true, force: true }),
      () => deleteTopics(site),
    );
    await createTopics(site, []);
    const acknowledged: string[] = [];
    for (let life = 0; life < LIVES; life += 1) {
      const child = spawn(
        process.execPath,
        [PROGRAM, folder, broker.bootstrap, site.layout.topicPrefix, String(life)],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      acknowledged.push(...(await killedAfter(child, 400 + Math.random() * 1_200)));
    }
    expect(acknowledged.length).toBeGreaterThan(500);

    const parts = { clock: systemClock, telemetry: silentTelemetry, codec: singleObjectCodec() };
    const embedded = await openEmbeddedLog({ ...parts, folder, reserveBytes: 0 });
    const { log, forwarder } = openSpoolLog({
      ...parts,
      embedded,
      kafka: site,
      spoolId: 'killed',
      onContradiction: 'refuse',
    });
    await forwarder.start(signal);
    await forwarder.drain(AbortSignal.timeout(60_000));
    await log[Symbol.asyncDispose]();

    const found = await committedRecords(site, `${site.layout.topicPrefix}hl7.messages`);
    const ids = found.map(({ key, value }) => `${key.slice(0, 1)} ${value}`);
    expect(new Set(ids).size).toBe(ids.length);
    const there = new Set(ids);
    expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
    for (const writer of ['0', '1', '2', '3']) {
      const own = ids.filter((id) => id.startsWith(writer));
      expect(own).toEqual([...own].sort());
    }
  },
);

/** What it acknowledged. The time runs from when it is ready. */
async function killedAfter(child: ChildProcess, durationMs: number): Promise<readonly string[]> {
  const ids: string[] = [];
  const { stdout } = child;
  if (stdout === null) throw new Error('the output is a pipe');
  const lines = createInterface({ input: stdout });
  lines.on('line', (line) => {
    if (line === 'ready') setTimeout(() => child.kill('SIGKILL'), durationMs);
    else ids.push(line);
  });
  await Promise.all([once(child, 'exit'), once(lines, 'close')]);
  return ids;
}
