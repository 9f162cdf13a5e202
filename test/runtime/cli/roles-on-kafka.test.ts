// The commands of a bridge on Kafka: topics, roles as processes of their own, what they say together.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kafkaBroker, randomPrefix } from '../../kafka/broker.ts';
import { schemaRegistry } from '../../kafka/registry.ts';
import { type CommandProcess, runCommand, startCommand } from './command-process.ts';

const broker = await kafkaBroker();
const registry = await schemaRegistry();
const NEEDLESS = { KAFKA_BROKERS: '127.0.0.1:9', STUDYBRIDGE_KAFKA_REPLICATION_FACTOR: '1' };

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'studybridge-roles-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a role', () => {
  test.each(['connectors', 'processors', 'sinks'])(
    '%s without Kafka is a fault that names KAFKA_BROKERS',
    async (role) => {
      const { code, errors } = await runCommand({ folder, args: ['run', role] });
      expect(code).toBe(2);
      expect(errors).toContain(`KAFKA_BROKERS: (missing); expected host:port of the brokers: \`run ${role}\``);
    },
  );

  test('that there is none of is a wrong option', async () => {
    const { code, errors } = await runCommand({ folder, args: ['run', 'sources'] });
    expect(code).toBe(2);
    expect(errors).toContain('connectors, processors, sinks');
  });
});

test('migrate without Kafka is a fault that names KAFKA_BROKERS', async () => {
  const { code, errors } = await runCommand({ folder, args: ['migrate', '--to-kafka'] });
  expect(code).toBe(2);
  expect(errors).toContain('KAFKA_BROKERS');
});

describe('topics', () => {
  test.each(['list', 'create', 'verify'])('%s without Kafka is a fault that names KAFKA_BROKERS', async (command) => {
    const { code, errors } = await runCommand({ folder, args: ['topics', command] });
    expect(code).toBe(2);
    expect(errors).toContain('KAFKA_BROKERS');
  });

  test('without a broker that answers end with 3, and so does a start', async () => {
    for (const args of [
      ['topics', 'verify'],
      ['run', 'sinks'],
    ]) {
      const { code, errors } = await runCommand({ folder, args, environment: NEEDLESS });
      expect(code, args.join(' ')).toBe(3);
      expect(errors).toContain('kafka.unreachable');
    }
  });
});

describe.skipIf(!broker.available)('a bridge on Kafka', () => {
  const started: CommandProcess[] = [];
  let environment: Record<string, string> = {};
  beforeAll(() => {
    environment = {
      KAFKA_BROKERS: broker.bootstrap,
      STUDYBRIDGE_KAFKA_TOPIC_PREFIX: randomPrefix(),
      STUDYBRIDGE_KAFKA_REPLICATION_FACTOR: '1',
      STUDYBRIDGE_STUDY_QUIET_MS: '300',
    };
  });
  afterAll(async () => {
    for (const command of started) {
      command.child.kill('SIGKILL');
      await command.ended;
    }
  });

  const run = (...args: string[]) => runCommand({ folder, args, environment });

  async function ready(...args: string[]): Promise<CommandProcess & { readonly said: { readonly role: string } }> {
    const command = startCommand({ folder, environment, args: ['run', ...args, '--json'] });
    started.push(command);
    const [line] = await command.printed(/^\{.*\}\n/);
    return { ...command, said: JSON.parse(line) };
  }

  test('does not start on missing topics and names the command that makes them', async () => {
    const { code, errors } = await run('run', 'connectors');
    expect(code).toBe(3);
    expect(errors).toContain('kafka.topics_missing');
    expect(errors).toContain('studybridge topics create');
    const verified = await run('topics', 'verify');
    expect(verified.code).toBe(1);
    expect(verified.output).toContain('hl7.messages is missing');
  });

  test('creates its topics once and finds them right', async () => {
    const created = await run('topics', 'create', '--json');
    expect(created.code, created.errors).toBe(0);
    expect(JSON.parse(created.output)).toMatchObject({ right: true, missing: [], differences: [] });
    expect((await run('topics', 'create')).output).toContain('no topic was missing');
    expect((await run('topics', 'verify')).code).toBe(0);
    const listed = JSON.parse((await run('topics', 'list', '--json')).output);
    expect(listed.length).toBeGreaterThan(10);
    expect(listed[0]).toMatchObject({ partitions: 4, exists: true });
  });

  test('names each difference and does not start on another number of partitions', async () => {
    const other = { ...environment, STUDYBRIDGE_KAFKA_PARTITIONS: '5' };
    const verified = await runCommand({ folder, args: ['topics', 'verify'], environment: other });
    expect(verified.code).toBe(1);
    expect(verified.output).toMatch(/hl7\.messages has partitions 4 instead of 5/);
    const { code, errors } = await runCommand({ folder, args: ['run', 'sinks'], environment: other });
    expect(code).toBe(3);
    expect(errors).toContain('kafka.topics_differ');
  });

  test('runs in three roles that carry orders, images and reports to the sandbox', { timeout: 120_000 }, async () => {
    const sinks = await ready('sinks');
    const processors = await ready('processors');
    const connectors = await ready('connectors');
    expect(sinks.said).toMatchObject({ role: 'sinks', hl7: null, dicom: null, sandbox: true });
    expect(connectors.said).toMatchObject({ role: 'connectors', cloud: [] });

    const sent = await run('send', '--studies', '4', '--seed', '5', '--rate', '0', '--json');
    expect(sent.code, sent.output + sent.errors).toBe(0);
    expect(JSON.parse(sent.output)).toMatchObject({ equal: true, refused: [] });

    const status = JSON.parse((await run('status', '--json')).output);
    expect(status.bridges.map(({ addresses }: { addresses: { role: string } }) => addresses.role).sort()).toEqual([
      'connectors',
      'processors',
      'sinks',
    ]);
    expect(status).toMatchObject({
      running: true,
      kafka: { brokers: [broker.bootstrap], partitions: 4 },
      sites: [{ studies: { sent: 4 }, queue: { waiting: 0 } }],
    });
    expect(status.tasks.every(({ lag }: { lag: string }) => lag === '0')).toBe(true);
    const ofSinks = JSON.parse((await run('status', '--role', 'sinks', '--json')).output);
    expect(ofSinks.bridges).toHaveLength(1);

    const second = await run('run', 'sinks');
    expect(second.code).toBe(3);
    expect(second.errors).toContain('log.in_use');
    expect(second.errors).toContain('--data-dir');

    for (const command of [connectors, processors, sinks]) {
      command.child.kill('SIGTERM');
      expect(await command.ended).toBe(0);
    }
  });

  test('is looked into while nothing runs here', async () => {
    const status = JSON.parse((await run('status', '--json')).output);
    expect(status).toMatchObject({ running: false, bridges: [], kafka: { partitions: 4 } });
    const { code, output } = await run('inspect', 'studies', '--limit', '3');
    expect(code).toBe(0);
    const [first] = output.trimEnd().split('\n');
    expect(JSON.parse(first ?? '')).toMatchObject({ record: { site: 'default' } });
    expect((await run('status')).output).toContain('not running here');
  });

  test('runs as a whole in one process too', async () => {
    const whole = await ready();
    expect(whole.said).toMatchObject({ role: 'all', sandbox: true });
    const sent = await run('send', '--studies', '2', '--seed', '6', '--rate', '0');
    expect(sent.code, sent.output + sent.errors).toBe(0);
    whole.child.kill('SIGTERM');
    expect(await whole.ended).toBe(0);
  });

  test('spools at connectors with a poor link, and forwards', { timeout: 120_000 }, async () => {
    const others = [await ready('sinks'), await ready('processors')];
    const spooling = { ...environment, STUDYBRIDGE_KAFKA_SPOOL: 'true' };
    const command = startCommand({ folder, environment: spooling, args: ['run', 'connectors', '--json'] });
    started.push(command);
    await command.printed(/^\{.*\}\n/);
    const sent = await run('send', '--studies', '2', '--seed', '7', '--rate', '0');
    expect(sent.code, sent.output + sent.errors).toBe(0);
    for (const each of [command, ...others]) {
      each.child.kill('SIGTERM');
      expect(await each.ended).toBe(0);
    }
  });

  test.skipIf(!registry.available)('registers its schemas and is read by their ids', { timeout: 120_000 }, async () => {
    const place = join(folder, 'with-registry');
    const own = {
      ...environment,
      STUDYBRIDGE_KAFKA_TOPIC_PREFIX: randomPrefix(),
      STUDYBRIDGE_DATA_DIR: place,
      SCHEMA_REGISTRY_URL: registry.url,
    };
    const runOwn = (...args: string[]) => runCommand({ folder, args, environment: own });
    expect((await runOwn('topics', 'create')).code).toBe(0);
    const command = startCommand({ folder, environment: own, args: ['run', '--json'] });
    started.push(command);
    await command.printed(/^\{.*\}\n/);
    const sent = await runOwn('send', '--studies', '2', '--seed', '8', '--rate', '0');
    expect(sent.code, sent.output + sent.errors).toBe(0);
    command.child.kill('SIGTERM');
    expect(await command.ended).toBe(0);
    // By a process that asks the registry for the schemas, since nothing runs.
    const inspected = await runOwn('inspect', 'cloud.deliveries', '--limit', '1');
    expect(JSON.parse(inspected.output)).toMatchObject({ record: { site: 'default', outcome: 'delivered' } });
    const subject = `${own.STUDYBRIDGE_KAFKA_TOPIC_PREFIX}studies-value`;
    expect((await fetch(`${registry.url}/subjects/${subject}/versions/1`)).status).toBe(200);
  });

  test('goes on where an embedded log stopped, carried by migrate', { timeout: 120_000 }, async () => {
    const place = join(folder, 'moving-up');
    const before = { STUDYBRIDGE_DATA_DIR: place, STUDYBRIDGE_STUDY_QUIET_MS: '300' };
    const after = { ...environment, ...before, STUDYBRIDGE_KAFKA_TOPIC_PREFIX: randomPrefix() };
    const send = async (own: Record<string, string>) => {
      const command = startCommand({ folder, environment: own, args: ['run', '--json'] });
      started.push(command);
      await command.printed(/^\{.*\}\n/);
      const sent = await runCommand({
        folder,
        environment: own,
        args: ['send', '--studies', '2', '--seed', '9', '--rate', '0'],
      });
      command.child.kill('SIGTERM');
      expect(await command.ended).toBe(0);
      return sent;
    };
    expect((await send(before)).code).toBe(0);
    expect((await runCommand({ folder, args: ['topics', 'create'], environment: after })).code).toBe(0);
    const migrated = await runCommand({ folder, args: ['migrate', '--to-kafka', '--json'], environment: after });
    expect(migrated.code, migrated.errors).toBe(0);
    const { topics } = JSON.parse(migrated.output);
    expect(topics.every(({ embedded, kafka }: Record<string, number>) => embedded === kafka)).toBe(true);
    const refused = await runCommand({ folder, args: ['run'], environment: before });
    expect(refused.code).toBe(3);
    expect(refused.errors).toContain('log.migrated');
    const again = await send(after);
    expect(again.code, again.output + again.errors).toBe(0);
  });
});
