// Every command: help with an example, exit codes, JSON.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from './command-process.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'studybridge-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (args: readonly string[], environment: Record<string, string> = {}) =>
  runCommand({ folder, args, environment });

describe('help', () => {
  test.each([
    ['--help'],
    ['run', '--help'],
    ['sandbox', '--help'],
    ['send', '--help'],
    ['inspect', '--help'],
    ['status', '--help'],
    ['check-config', '--help'],
    ['explain', '--help'],
    ['topics', '--help'],
    ['topics', 'list', '--help'],
    ['topics', 'create', '--help'],
    ['topics', 'verify', '--help'],
    ['migrate', '--help'],
  ])('of %s %s has an example and no colour in a pipe', async (...args) => {
    const { code, output } = await run(args);
    expect(code).toBe(0);
    expect(output).toMatch(/Example:\n {2}\S.*studybridge|Example:\n {2}studybridge/);
    expect(output).not.toContain('\u001b');
  });

  test('of run names every variable with its sentence', async () => {
    const { output } = await run(['run', '--help']);
    for (const name of [
      'STUDYBRIDGE_DATA_DIR',
      'STUDYBRIDGE_HL7_PORT',
      'STUDYBRIDGE_CLOUD_TOKEN',
      'STUDYBRIDGE_TIMEZONE',
    ]) {
      expect(output).toContain(name);
    }
  });
});

describe('exit codes', () => {
  test('an unknown option is a fault of the configuration', async () => {
    expect((await run(['run', '--prot', '1'])).code).toBe(2);
    expect((await run(['send', '--studies', 'many'])).code).toBe(2);
  });

  test('a faulty configuration ends with 2 and names every fault, for each command that reads one', async () => {
    const faulty = { STUDYBRIDGE_HL7_PORT: 'x', STUDYBRIDGE_LOG_LEVEL: 'loud' };
    for (const args of [['run'], ['check-config'], ['status'], ['send'], ['inspect', 'studies']]) {
      const { code, errors } = await run(args, faulty);
      expect(code, args[0]).toBe(2);
      expect(errors).toContain('STUDYBRIDGE_HL7_PORT: "x"; expected a whole number from 0 to 65535');
      expect(errors).toContain('STUDYBRIDGE_LOG_LEVEL');
    }
  });

  test('a data directory that cannot be made ends with 3', async () => {
    writeFileSync(join(folder, 'file'), '');
    const { code, errors } = await run(['run'], { STUDYBRIDGE_DATA_DIR: join(folder, 'file', 'data') });
    expect(code).toBe(3);
    expect(errors).toContain('log.folder_not_writable');
  });

  test('a host that is not of this machine ends with 3', async () => {
    const { code, errors } = await run(['run'], { STUDYBRIDGE_HOST: '192.0.2.1' });
    expect(code).toBe(3);
    expect(errors).toContain('process.port_refused');
  });

  test('send without a running bridge ends with 1 and says what to do', async () => {
    const { code, errors } = await run(['send'], { STUDYBRIDGE_DATA_DIR: join(folder, 'nobody') });
    expect(code).toBe(1);
    expect(errors).toContain('process.not_running');
  });
});

describe('check-config', () => {
  test('prints what would be, as JSON too, and never the token', async () => {
    const token = '0123456789abcdef0123456789abcdef';
    const cloud = {
      STUDYBRIDGE_CLOUD_URL: 'https://cloud.example.org',
      STUDYBRIDGE_CLOUD_APP_ID: '100001',
      STUDYBRIDGE_CLOUD_TOKEN: token,
    };
    const { code, output } = await run(['check-config', '--json'], cloud);
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ faults: [], cloud: 'configured' });
    expect(output).not.toContain(token);
  });

  test('prints faults as JSON when asked to', async () => {
    const { code, output } = await run(['check-config', '--json'], { STUDYBRIDGE_HL7_PORT: 'x' });
    expect(code).toBe(2);
    expect(JSON.parse(output).faults[0]).toMatchObject({ key: 'STUDYBRIDGE_HL7_PORT', value: '"x"' });
  });
});

describe('explain', () => {
  test('explains a code and lists all of them', async () => {
    expect((await run(['explain', 'log.full'])).output).toContain('What to do:');
    const { output } = await run(['explain', '--json']);
    expect(JSON.parse(output).length).toBeGreaterThan(20);
  });

  test('proposes the nearest code for one that is not there', async () => {
    const { code, errors } = await run(['explain', 'log.ful']);
    expect(code).toBe(1);
    expect(errors).toContain('log.full');
  });
});

describe('inspect and status', () => {
  test('read the directory themselves when no bridge runs', async () => {
    const environment = { STUDYBRIDGE_DATA_DIR: join(folder, 'fresh') };
    mkdirSync(join(folder, 'fresh'));
    expect(await run(['inspect', 'studies'], environment)).toMatchObject({ code: 0, output: '' });
    const { code, output } = await run(['status', '--json'], environment);
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ running: false, sites: [{ site: 'default' }] });
  });

  test('name the topics there are for one that is not', async () => {
    const { code, errors } = await run(['inspect', 'studys']);
    expect(code).toBe(1);
    expect(errors).toContain('studies');
  });
});
