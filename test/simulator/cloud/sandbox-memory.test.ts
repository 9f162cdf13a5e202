import { appendFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CloudJournal } from '../../../simulator/cloud/cloud-journal.ts';
import { type CloudChange, CloudMemory } from '../../../simulator/cloud/cloud-memory.ts';
import { sandboxToken } from '../../../simulator/cloud/sandbox-account.ts';
import { DELETE_PATH, post, read, send, startSandbox, studyPayload } from './sandbox-client.ts';

const STUDY = '/ris/study/add';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('sandbox cloud: what it remembers', () => {
  test('sandbox cloud: final state and requests survive its end, even with a torn last line', async () => {
    const first = await startSandbox({ folder });
    await post(first, STUDY, studyPayload({ studyId: 'A' }), { 'x-request-id': 'r1' });
    await post(first, STUDY, studyPayload({ studyId: 'B' }), { 'x-request-id': 'r2' });
    await post(first, DELETE_PATH, { studyId: 'B' });
    await first[Symbol.asyncDispose]();
    await appendFile(join(folder, 'cloud.jsonl'), '{"type":"study","study":{"studyId":"C"');

    await using second = await startSandbox({ folder });
    expect(await read(second, '/sandbox/studies')).toMatchObject({ studies: [{ studyId: 'A', uploads: 1 }] });
    await post(second, STUDY, studyPayload({ studyId: 'A' }), { 'x-request-id': 'r1' });
    expect(await read(second, '/sandbox/requests?since=2')).toMatchObject({
      requests: [
        { sequence: 3, call: 'withdrawal' },
        { sequence: 4, repeats: 'duplicate' },
      ],
    });
    await second.drain(AbortSignal.timeout(2_000));
    await using third = await startSandbox({ folder });
    expect(await read(third, '/sandbox/studies/A')).toMatchObject({ uploads: 2 });
    expect(await read(third, '/sandbox/summary')).toMatchObject({
      studies: 1,
      withdrawn: ['B'],
      requests: { last: 4 },
    });
  });

  test('sandbox cloud: a repeated request id is a duplicate with the same bytes and a conflict with others', async () => {
    await using cloud = await startSandbox();
    const id = { 'x-request-id': 'r1' };
    await post(cloud, STUDY, studyPayload(), id);
    await post(cloud, STUDY, studyPayload(), id);
    await post(cloud, STUDY, studyPayload({ imageCnt: 9 }), id);
    const page = await read(cloud, '/sandbox/requests');
    expect(page).toMatchObject({
      requests: [
        { requestId: 'r1', repeats: null, body: { imageCnt: 3 } },
        { repeats: 'duplicate' },
        { repeats: 'conflict', body: { imageCnt: 9 } },
      ],
    });
    expect(await read(cloud, '/sandbox/summary')).toMatchObject({ requests: { duplicates: 1, conflicts: 1 } });
  });

  test('sandbox cloud: a reset forgets everything, on disk too', async () => {
    const cloud = await startSandbox({ folder });
    await post(cloud, STUDY, studyPayload());
    expect((await send(`${cloud.url}/sandbox`, undefined, {}, 'DELETE')).status).toBe(200);
    expect(await read(cloud, '/sandbox/summary')).toMatchObject({ studies: 0, requests: { kept: 0 } });
    await cloud.drain(AbortSignal.timeout(2_000));
    await using again = await startSandbox({ folder });
    expect(await read(again, '/sandbox/summary')).toMatchObject({ studies: 0, requests: { kept: 0 } });
  });

  test('sandbox cloud: its file is written anew when it has grown too large, and holds the same', async () => {
    const memory = new CloudMemory();
    const journal = new CloudJournal(folder, memory, 20_000);
    await journal.open();
    const change = (uploads: number): CloudChange => ({
      type: 'study',
      study: { studyId: 'A', body: { patientId: 'P1' }, firstAtMs: 1, lastAtMs: 2, uploads, reports: {} },
    });
    for (let uploads = 1; uploads <= 1_000; uploads += 1) {
      memory.apply(change(uploads));
      await journal.append([change(uploads)]);
    }
    await journal.close();
    expect((await stat(join(folder, 'cloud.jsonl'))).size).toBeLessThan(25_000);
    const reread = new CloudMemory();
    const other = new CloudJournal(folder, reread);
    await other.open();
    await other.close();
    expect(reread.study('A')?.uploads).toBe(1_000);
  });

  test('sandbox cloud: its requests are bounded and the oldest go first', () => {
    const memory = new CloudMemory();
    for (let sequence = 1; sequence <= 25_000; sequence += 1) {
      memory.apply({
        type: 'request',
        request: {
          sequence,
          receivedAtMs: 0,
          call: 'study',
          studyId: 'A',
          reportId: null,
          requestId: String(sequence),
          bodyHash: 'h',
          bodyBytes: 10_000,
          body: {},
          code: 0,
          httpStatus: 200,
          fault: null,
          tookEffect: true,
          repeats: null,
        },
      });
    }
    const kept = memory.requestsAfter(0);
    expect(kept.length).toBeLessThan(7_000);
    expect(kept.at(-1)?.sequence).toBe(25_000);
    expect(memory.repeats('1', 'h')).toBeNull();
    expect(memory.repeats('25000', 'h')).toBe('duplicate');
  });

  test('sandbox cloud: the token of a folder stays the same and is for its owner only', async () => {
    const token = await sandboxToken(join(folder, 'sandbox'));
    expect(token).toMatch(/^[0-9a-f]{32}$/);
    expect(await sandboxToken(join(folder, 'sandbox'))).toBe(token);
    expect((await stat(join(folder, 'sandbox', 'token'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'sandbox'))).mode & 0o777).toBe(0o700);
  });
});
