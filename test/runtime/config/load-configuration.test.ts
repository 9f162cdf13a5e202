// The configuration is checked whole: every fault at once, no secret in it, variables before the file.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Configuration } from '../../../runtime/config/configuration.ts';
import { ConfigurationError, type ConfigurationFault } from '../../../runtime/config/configuration-fault.ts';
import { loadConfiguration } from '../../../runtime/config/load-configuration.ts';
import { sampleFile } from '../../../runtime/config/reference-page.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';
const CLOUD = {
  STUDYBRIDGE_CLOUD_URL: 'https://cloud.example.org/',
  STUDYBRIDGE_CLOUD_APP_ID: '100001',
  STUDYBRIDGE_CLOUD_TOKEN: TOKEN,
};

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'studybridge-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(environment: Record<string, string> = {}, yaml?: string): Configuration {
  if (yaml !== undefined) writeFileSync(join(folder, 'studybridge.yaml'), yaml);
  return loadConfiguration({ environment, directory: folder }).configuration;
}

function faultsOf(environment: Record<string, string>, yaml?: string): readonly ConfigurationFault[] {
  try {
    load(environment, yaml);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
}

const keysOf = (faults: readonly ConfigurationFault[]) => faults.map(({ key }) => key).sort();

describe('a configuration without file and variables', () => {
  test('is one site called default on loopback, with the sandbox and its short quiet time', () => {
    const configuration = load();
    expect(configuration).toMatchObject({
      dataDirectory: join(folder, 'studybridge-data'),
      host: '127.0.0.1',
      hl7: { port: 2575 },
      dicom: { port: 11112, aeTitle: 'STUDYBRIDGE' },
      http: { port: 8080 },
      sandbox: true,
    });
    expect(configuration.sites).toHaveLength(1);
    expect(configuration.sites[0]).toMatchObject({ site: 'default', studyQuietMs: 3000, timezone: 'Asia/Shanghai' });
  });

  test('the sample file says the same', () => {
    const plain = load();
    expect(load({}, sampleFile())).toEqual(plain);
  });

  test('every commented option of the sample file is one the parser knows', () => {
    const everything = sampleFile()
      .replaceAll(/^( *)(hl7|dicom): \[\]$/gm, '$1$2:')
      .split('\n')
      .map((line) => /^( *)# ((?:- | {2})?(?:[a-zA-Z]+|"[a-z.]+"): \S.*)$/.exec(line)?.slice(1).join('') ?? line)
      .filter((line) => !/^\s*#/.test(line) && !/tokenVariable|certificateFingerprint|[a-z]File:|username/.test(line))
      .join('\n');
    expect(faultsOf({ STUDYBRIDGE_CLOUD_TOKEN: TOKEN }, everything)).toEqual([]);
  });
});

describe('variables', () => {
  test('win over the file', () => {
    const yaml = 'hl7: { port: 1234 }\nsites: { default: { timezone: Asia/Tokyo, studyQuietMs: 10 } }\n';
    const configuration = load({ STUDYBRIDGE_HL7_PORT: '4321', STUDYBRIDGE_STUDY_QUIET_MS: '20' }, yaml);
    expect(configuration.hl7.port).toBe(4321);
    expect(configuration.sites[0]).toMatchObject({ studyQuietMs: 20, timezone: 'Asia/Tokyo' });
  });

  test.each([
    ['STUDYBRIDGE_DATA_DIR', '/x', (c: Configuration) => c.dataDirectory, '/x'],
    ['STUDYBRIDGE_HL7_PORT', '1', (c: Configuration) => c.hl7.port, 1],
    ['STUDYBRIDGE_DICOM_PORT', '2', (c: Configuration) => c.dicom.port, 2],
    ['STUDYBRIDGE_HTTP_PORT', '0', (c: Configuration) => c.http.port, 0],
    ['STUDYBRIDGE_HOST', '0.0.0.0', (c: Configuration) => c.host, '0.0.0.0'],
    ['STUDYBRIDGE_CLOUD_TIMEOUT_MS', '500', (c: Configuration) => c.sites[0]?.cloudTimeoutMs, 500],
    ['STUDYBRIDGE_STUDY_QUIET_MS', '0', (c: Configuration) => c.sites[0]?.studyQuietMs, 0],
    ['STUDYBRIDGE_HL7_DEFAULT_CHARSET', 'GB18030', (c: Configuration) => c.sites[0]?.hl7DefaultCharset, 'GB18030'],
    ['STUDYBRIDGE_HL7_MAX_FRAME_BYTES', '4096', (c: Configuration) => c.hl7.maxFrameBytes, 4096],
    ['STUDYBRIDGE_DICOM_AE_TITLE', 'BRIDGE', (c: Configuration) => c.dicom.aeTitle, 'BRIDGE'],
    ['STUDYBRIDGE_TIMEZONE', 'Asia/Tokyo', (c: Configuration) => c.sites[0]?.timezone, 'Asia/Tokyo'],
    ['STUDYBRIDGE_LOG_LEVEL', 'debug', (c: Configuration) => c.logLevel, 'debug'],
  ])('%s is read', (name, text, read, expected) => {
    expect(read(load({ [name]: text }))).toBe(expected);
  });

  test('a cloud is configured by address, appId and token, and then the quiet time is a minute', () => {
    const configuration = load({
      ...CLOUD,
      STUDYBRIDGE_CLOUD_REPORT_PATH: '/report',
      STUDYBRIDGE_CLOUD_DELETE_PATH: '/delete',
    });
    expect(configuration.sandbox).toBe(false);
    expect(configuration.sites[0]).toMatchObject({
      studyQuietMs: 60_000,
      cloud: {
        url: 'https://cloud.example.org',
        appId: '100001',
        token: TOKEN,
        reportPath: '/report',
        deletePath: '/delete',
      },
    });
  });

  test('a token is read from the first line of its file', () => {
    const file = join(folder, 'token');
    writeFileSync(file, `${TOKEN}\n`);
    const { STUDYBRIDGE_CLOUD_TOKEN: _, ...rest } = CLOUD;
    expect(load({ ...rest, STUDYBRIDGE_CLOUD_TOKEN_FILE: file }).sites[0]?.cloud?.token).toBe(TOKEN);
  });

  test('an empty variable counts as not set', () => {
    expect(load({ STUDYBRIDGE_HL7_PORT: '', STUDYBRIDGE_CLOUD_URL: '' }).hl7.port).toBe(2575);
  });
});

describe('faults', () => {
  test('are reported all together, each with its key and what was expected', () => {
    const faults = faultsOf(
      {
        STUDYBRIDGE_HL7_PORT: 'abc',
        STUDYBRIDGE_HTTP_PORT: '70000',
        STUDYBRIDGE_TIMEZONE: 'Asia/Nowhere',
        STUDYBRIDGE_LOGLEVEL: 'info',
        STUDYBRIDGE_CLOUD_APP_ID: '100001',
      },
      'dicom: { aeTitel: X, aeTitle: THIS-IS-MUCH-TOO-LONG }\nsites: { default: { sources: { hl7: [ { name: A B } ] } } }\n',
    );
    expect(keysOf(faults)).toEqual([
      'STUDYBRIDGE_CLOUD_TOKEN',
      'STUDYBRIDGE_CLOUD_URL',
      'STUDYBRIDGE_HL7_PORT',
      'STUDYBRIDGE_HTTP_PORT',
      'STUDYBRIDGE_LOGLEVEL',
      'STUDYBRIDGE_TIMEZONE',
      'dicom.aeTitel',
      'dicom.aeTitle',
      'sites.default.sources.hl7[0].name',
    ]);
    for (const { value, expectation } of faults) {
      expect(value).not.toBe('');
      expect(expectation).not.toBe('');
    }
    expect(faults.find(({ key }) => key === 'STUDYBRIDGE_HL7_PORT')).toMatchObject({
      value: '"abc"',
      expectation: 'a whole number from 0 to 65535',
    });
  });

  test.each([
    [{ STUDYBRIDGE_HL7_PROT: '1' }, undefined, 'did you mean STUDYBRIDGE_HL7_PORT?'],
    [{}, 'hl7: { prot: 1 }', 'did you mean port?'],
    [{}, 'sites: { default: { cluod: {} } }', 'did you mean cloud?'],
  ])('an unknown name %o %s gets a proposal', (environment, yaml, hint) => {
    expect(faultsOf(environment, yaml)[0]?.expectation).toContain(hint);
  });

  test.each([
    ['http://10.0.0.1', 'on this machine only'],
    ['http://cloud.example.org', 'on this machine only'],
    ['ftp://127.0.0.1', 'https'],
    ['https://user:password@cloud.example.org', 'without credentials'],
    ['https://cloud.example.org/?a=1', 'without credentials, query'],
  ])('the cloud address %s is refused', (url, expectation) => {
    const faults = faultsOf({ ...CLOUD, STUDYBRIDGE_CLOUD_URL: url });
    expect(keysOf(faults)).toEqual(['STUDYBRIDGE_CLOUD_URL']);
    expect(faults[0]?.expectation).toContain(expectation);
    expect(JSON.stringify(faults)).not.toContain('password');
  });

  test.each(['http://127.0.0.1:9', 'http://localhost:9', 'http://[::1]:9'])('%s is taken without TLS', (url) => {
    expect(load({ ...CLOUD, STUDYBRIDGE_CLOUD_URL: url }).sites[0]?.cloud?.url).toBe(url);
  });

  test('no fault shows a secret, wherever it was put', () => {
    const secret = 'S3cret-S3cret-S3cret';
    const faults = [
      ...faultsOf({ ...CLOUD, STUDYBRIDGE_CLOUD_TOKEN: secret }),
      ...faultsOf({ STUDYBRIDGE_CLOUD_TOKN: secret }),
      ...faultsOf({}, `sites: { default: { cloud: { token: ${secret} } } }`),
      ...faultsOf({}, `cloud_password: ${secret}`),
      ...faultsOf({}, `x: [${secret}`),
      ...faultsOf({ ...CLOUD, STUDYBRIDGE_CLOUD_URL: `https://u:${secret}@host` }),
    ];
    expect(faults.length).toBeGreaterThan(5);
    expect(JSON.stringify(faults)).not.toContain(secret);
  });

  test('a file that is named and absent is one; a file that is not named need not be there', () => {
    expect(() => loadConfiguration({ environment: {}, file: 'absent.yaml', directory: folder })).toThrow(
      ConfigurationError,
    );
    expect(faultsOf({})).toEqual([]);
  });

  test('a variable of a site is one when the file describes other sites', () => {
    const yaml = 'sites: { north: {}, south: {} }\n';
    expect(keysOf(faultsOf({ STUDYBRIDGE_STUDY_QUIET_MS: '5' }, yaml))).toEqual(['STUDYBRIDGE_STUDY_QUIET_MS']);
    expect(load({}, yaml).sites.map(({ site }) => site)).toEqual(['north', 'south']);
  });

  test('a site without a cloud is one when another has a cloud', () => {
    const yaml =
      'sites: { north: { cloud: { url: "https://a.example", appId: "1", tokenVariable: NORTH_TOKEN } }, south: {} }\n';
    expect(keysOf(faultsOf({ NORTH_TOKEN: TOKEN }, yaml))).toEqual([
      'sites.south.cloud.appId',
      'sites.south.cloud.tokenVariable',
      'sites.south.cloud.url',
    ]);
  });
});
