import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLASS_A_FIELDS } from '../../../schemas/cloud-payloads.ts';
import type { SandboxCloud } from '../../../simulator/cloud/sandbox-cloud.ts';
import {
  APP_ID,
  DELETE_PATH,
  post,
  REPORT_PATH,
  read,
  send,
  signedHeaders,
  startSandbox,
  studyPayload,
} from './sandbox-client.ts';

const STUDY = '/ris/study/add';
const PDF = Buffer.from('%PDF-1.4\nan empty one');
const PDF_HASH = createHash('sha256').update(PDF).digest('hex');

let cloud: SandboxCloud;
beforeAll(async () => {
  cloud = await startSandbox();
});
afterAll(async () => {
  await cloud.drain(AbortSignal.timeout(2_000));
});

describe('sandbox cloud: what it refuses of a study', () => {
  const table: readonly [string, Record<string, unknown>, number][] = [
    ...CLASS_A_FIELDS.map((field): [string, Record<string, unknown>, number] => [
      `no ${field}`,
      { [field]: undefined },
      20031,
    ]),
    ...CLASS_A_FIELDS.map((field): [string, Record<string, unknown>, number] => [
      `blank ${field}`,
      { [field]: ' ' },
      20031,
    ]),
    ['an unknown field', { patientname: 'x' }, 100001],
    ['a field named __proto__', JSON.parse('{"__proto__": "x"}'), 100001],
    ['a number where text is due', { patientId: 1 }, 100001],
    ['null where text is due', { bodyPart: null }, 100001],
    ['text where a count is due', { imageCnt: '3' }, 100001],
    ['a negative count', { imageCnt: -1 }, 20030],
    ['half an image', { imageCnt: 1.5 }, 20030],
    ['an unknown sex', { patientSex: 'U' }, 20030],
    ['a lower-case sex', { patientSex: 'f' }, 20030],
    ['an unknown unit of age', { patientAgeUnit: 'W' }, 20030],
    ['an age with its unit', { patientAge: '046Y' }, 20030],
    ['an age without unit', { patientAgeUnit: undefined }, 10005],
    ['a birthday without hyphens', { patientBirthday: '19800101' }, 20030],
    ['a birthday that no calendar has', { patientBirthday: '1981-02-29' }, 20030],
    ['a study date without a time', { studyDate: '2026-03-03' }, 20030],
    ['a study date with a T', { studyDate: '2026-03-03T10:10:01' }, 20030],
    ['a study date at 24 hours', { studyDate: '2026-03-03 24:00:00' }, 20030],
    ['an unknown status', { status: 'corrected' }, 20030],
    ['an unknown category', { studyCategory: 'urgent' }, 20030],
    ['an empty optional field', { bodyPart: '' }, 20030],
    ['a UID that is none', { studyUid: '../1' }, 20030],
    ['a height in words', { size: '172 cm' }, 20030],
    ['the permit number of both editions', { hkAndMarcoPermitNum: 'H1', hkAndMacauPermitNum: 'H1' }, 100001],
  ];

  test.each(table)(
    'sandbox cloud: %s is refused by HTTP 200 and a code, and changes nothing',
    async (_name, changes, code) => {
      const payload = studyPayload({ studyId: 'refused' });
      // Entries, not a spread: one of the names is __proto__. What is undefined falls out of the text.
      const merged = Object.fromEntries([...Object.entries(payload), ...Object.entries(changes)]);
      const text = JSON.stringify(merged);
      const reply = await send(`${cloud.url}${STUDY}`, text, signedHeaders());
      expect({ status: reply.status, code: reply.code }).toEqual({ status: 200, code });
      expect((await send(`${cloud.url}/sandbox/studies/refused`, undefined)).status).toBe(404);
    },
  );

  test('sandbox cloud: a study with each optional field left out is taken', async () => {
    const required = Object.fromEntries(
      Object.entries(studyPayload()).filter(([name]) => CLASS_A_FIELDS.some((one) => one === name)),
    );
    expect((await post(cloud, STUDY, required)).code).toBe(0);
  });

  test('sandbox cloud: a second upload of the same studyId replaces the first whole', async () => {
    await post(cloud, STUDY, studyPayload({ studyId: 'twice', bodyPart: '胸部' }));
    expect((await post(cloud, STUDY, studyPayload({ studyId: 'twice', imageCnt: 4 }))).code).toBe(0);
    const study = await read(cloud, '/sandbox/studies/twice');
    expect(study).toMatchObject({ uploads: 2, body: { imageCnt: 4 } });
    expect(study).not.toHaveProperty('body.bodyPart');
  });
});

describe('sandbox cloud: who may call', () => {
  const headerTable: readonly [string, Record<string, string>, number][] = [
    ['no appId', { appId: '' }, 90001],
    ['an appId without an account', { appId: '100002' }, 90001],
    ['no timestamp', { timestamp: '' }, 90002],
    ['a timestamp in words', { timestamp: 'now' }, 90002],
    ['another timestamp than was signed', { timestamp: String(Date.now() - 1) }, 90002],
    ['no signature', { signature: '' }, 90002],
    ['a signature in capitals', { signature: 'A'.repeat(64) }, 90002],
    ['a short signature', { signature: 'ab' }, 90002],
    ['a wrong signature', { signature: '0'.repeat(64) }, 90002],
    ['a signature by another token', signedHeaders(Date.now(), 'x'.repeat(32)), 90002],
    ['a timestamp six minutes old, rightly signed', signedHeaders(Date.now() - 360_000), 90002],
    ['a timestamp six minutes early, rightly signed', signedHeaders(Date.now() + 360_000), 90002],
    ['a form instead of JSON', { 'content-type': 'application/x-www-form-urlencoded' }, 100001],
    ['JSON said to be in GBK', { 'content-type': 'application/json; charset=gbk' }, 100001],
  ];

  test.each(headerTable)('sandbox cloud: %s is refused', async (_name, headers, code) => {
    const kept = Object.entries({ ...signedHeaders(), ...headers }).filter(([, value]) => value !== '');
    const reply = await send(`${cloud.url}${STUDY}`, JSON.stringify(studyPayload()), Object.fromEntries(kept));
    expect({ status: reply.status, code: reply.code }).toEqual({ status: 200, code });
  });

  test("sandbox cloud: the signature of the vendor's page is right at its time", async () => {
    const fixed = { nowMs: () => 1_714_000_000_123, monotonicMs: () => 0, sleep: () => Promise.resolve() };
    await using other = await startSandbox({ clock: fixed });
    const reply = await send(`${other.url}${STUDY}`, JSON.stringify(studyPayload()), {
      appId: APP_ID,
      timestamp: '1714000000123',
      signature: '4e3a850cdf90a16ae25f5628dc81293b5c8e9c4927ad50637c175715bec23893',
      'content-type': 'application/json',
    });
    expect(reply.code).toBe(0);
  });

  test('sandbox cloud: another method, path or a huge body is refused by HTTP', async () => {
    expect((await send(`${cloud.url}${STUDY}`, undefined)).status).toBe(405);
    expect((await send(`${cloud.url}/ris/study/get`, '{}')).status).toBe(404);
    expect((await send(`${cloud.url}${STUDY}`, Buffer.alloc(1024 * 1024 + 1), signedHeaders())).status).toBe(413);
  });

  test('sandbox cloud: a page of a browser cannot read the routes', async () => {
    expect((await send(`${cloud.url}/sandbox/studies`, undefined, { origin: 'http://elsewhere' })).status).toBe(403);
  });
});

describe('sandbox cloud: the provisional calls', () => {
  const report = {
    reportId: 'R1',
    studyId: 'with-report',
    accessNumber: 'A1',
    status: 'final',
    version: 1,
    findings: '结节',
  };

  test('sandbox cloud: a report goes to its study and a newer one replaces it', async () => {
    expect((await post(cloud, REPORT_PATH, report)).code).toBe(30002);
    await post(cloud, STUDY, studyPayload({ studyId: 'with-report' }));
    expect((await post(cloud, REPORT_PATH, report)).code).toBe(0);
    const newer = { ...report, version: 2, pdfHash: PDF_HASH, pdfBase64: PDF.toString('base64') };
    expect((await post(cloud, REPORT_PATH, newer)).code).toBe(0);
    const study = await read(cloud, '/sandbox/studies/with-report');
    expect(study).toMatchObject({
      reports: { R1: { uploads: 2, body: { version: 2 }, pdf: { sha256: PDF_HASH, bytes: PDF.length } } },
    });
    expect(JSON.stringify(study)).not.toContain(PDF.toString('base64'));
  });

  const refused: readonly [string, Record<string, unknown>, number][] = [
    ['base64 with a line break', { pdfBase64: `${PDF.toString('base64')}\n` }, 20030],
    ['base64 of something else', { pdfBase64: Buffer.from('hello').toString('base64') }, 20030],
    ['a PDF with the hash of another', { pdfBase64: PDF.toString('base64'), pdfHash: '0'.repeat(64) }, 10005],
    ['a status that reports have not', { status: 'print' }, 20030],
    ['an unknown field', { text: 'x' }, 100001],
    ['no version', { version: undefined }, 20031],
    ['no studyId', { studyId: undefined }, 20031],
  ];
  test.each(refused)('sandbox cloud: a report with %s is refused', async (_name, changes, code) => {
    expect((await post(cloud, REPORT_PATH, { ...report, ...changes })).code).toBe(code);
  });

  test('sandbox cloud: a deletion takes away the report or the study, once', async () => {
    await post(cloud, STUDY, studyPayload({ studyId: 'gone' }));
    await post(cloud, REPORT_PATH, { ...report, studyId: 'gone' });
    expect((await post(cloud, DELETE_PATH, { studyId: 'gone', reportId: 'R1' })).code).toBe(0);
    expect((await post(cloud, DELETE_PATH, { studyId: 'gone', reportId: 'R1' })).code).toBe(100004);
    expect((await post(cloud, DELETE_PATH, { studyId: 'gone' })).code).toBe(0);
    expect((await post(cloud, DELETE_PATH, { studyId: 'gone' })).code).toBe(100004);
  });

  test('sandbox cloud: without their paths the provisional calls do not exist', async () => {
    const plain = { port: 0, accounts: new Map([['a', 'b']]) };
    const { createSandboxCloud } = await import('../../../simulator/cloud/sandbox-cloud.ts');
    await using bare = createSandboxCloud(plain);
    await bare.start(AbortSignal.timeout(5_000));
    expect((await send(`${bare.url}/ris/report/add`, '{}')).status).toBe(404);
  });
});

describe('sandbox cloud: bodies of any kind', () => {
  test('sandbox cloud: whatever the bytes, it answers with a code and lives', async () => {
    const names = [...Object.keys(studyPayload()), 'pdfBase64', 'reportId', '__proto__', 'constructor', 'toString'];
    const object = fc
      .dictionary(fc.constantFrom(...names), fc.jsonValue())
      .map((value) => Buffer.from(JSON.stringify(value)));
    const bytes = fc.uint8Array({ maxLength: 200 }).map((value) => Buffer.from(value));
    const broken = object.map((value) => value.subarray(0, value.length / 2));
    const json = fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(object, bytes, broken, json),
        fc.constantFrom(STUDY, REPORT_PATH, DELETE_PATH),
        async (body, path) => {
          const reply = await send(`${cloud.url}${path}`, body, signedHeaders(), 'POST');
          expect(reply.status).toBe(200);
          expect(Number.isInteger(reply.code)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
    expect((await post(cloud, STUDY, studyPayload())).code).toBe(0);
  });
});
