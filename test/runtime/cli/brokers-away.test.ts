// Brokers that fall silent while a bridge runs: what an operator sees, and that it still ends in time.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ownBrokersAvailable, randomPrefix } from '../../kafka/broker.ts';
import { type OwnBroker, ownBroker } from '../../kafka/own-broker.ts';
import { type CommandProcess, runCommand, startListening } from './command-process.ts';

const available = await ownBrokersAvailable();

describe.skipIf(!available)('a bridge whose brokers do not answer', () => {
  let folder = '';
  let broker: OwnBroker;
  let bridge: CommandProcess;
  let environment: Record<string, string> = {};
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'studybridge-away-'));
    broker = await ownBroker();
    environment = {
      KAFKA_BROKERS: broker.bootstrap,
      STUDYBRIDGE_KAFKA_TOPIC_PREFIX: randomPrefix(),
      STUDYBRIDGE_KAFKA_REPLICATION_FACTOR: '1',
    };
    expect((await runCommand({ folder, args: ['topics', 'create'], environment })).code).toBe(0);
    bridge = await startListening({ folder, environment });
    broker.freeze();
  }, 120_000);
  afterAll(async () => {
    bridge.child.kill('SIGKILL');
    await bridge.ended;
    broker.thaw();
    await broker[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test('says so in its status, and what runs here all the same', async () => {
    const status = await runCommand({ folder, args: ['status'], environment });
    expect(status.code, status.errors).toBe(0);
    expect(status.output).toContain(`running, process ${bridge.pid}`);
    expect(status.output).toContain('not known: the brokers do not answer');
  });

  test('drains within 10 s with 0', async () => {
    const begunAtMs = performance.now();
    bridge.child.kill('SIGTERM');
    expect(await bridge.ended, bridge.errors()).toBe(0);
    expect(performance.now() - begunAtMs).toBeLessThan(10_500);
  });
});
