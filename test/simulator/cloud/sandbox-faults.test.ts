import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SandboxCloud } from '../../../simulator/cloud/sandbox-cloud.ts';
import { plan, post, type Reply, read, send, startSandbox, studyPayload } from './sandbox-client.ts';

const STUDY = '/ris/study/add';

let cloud: SandboxCloud;
/** Waits asked of the clock; each is over at once. */
let waitsMs: number[];
beforeEach(async () => {
  waitsMs = [];
  cloud = await startSandbox({
    clock: {
      nowMs: () => Date.now(),
      monotonicMs: () => performance.now(),
      sleep: async (durationMs, signal) => {
        signal.throwIfAborted();
        waitsMs.push(durationMs);
      },
    },
  });
});
afterEach(async () => {
  await cloud.drain(AbortSignal.timeout(2_000));
});

const has = async (studyId: string) =>
  (await send(`${cloud.url}/sandbox/studies/${studyId}`, undefined)).status === 200;

describe('sandbox cloud: scripted faults', () => {
  test('sandbox cloud: faults happen in their order, one a request, and are counted', async () => {
    await plan(
      cloud,
      { kind: 'status', status: 429, retryAfter: '7' },
      { kind: 'code', code: 30005, message: 'locked' },
      { kind: 'html' },
      { kind: 'brokenJson' },
      { kind: 'noCode' },
      { kind: 'empty' },
      { kind: 'redirect', location: 'http://elsewhere/' },
    );
    const replies: Reply[] = [];
    for (let nth = 0; nth < 8; nth += 1) replies.push(await post(cloud, STUDY, studyPayload({ studyId: `S${nth}` })));
    expect(replies.map((reply) => reply.status)).toEqual([429, 200, 200, 200, 200, 200, 302, 200]);
    expect(replies.map((reply) => reply.code)).toEqual([
      undefined,
      30005,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      0,
    ]);
    expect(replies[0]?.headers['retry-after']).toBe('7');
    expect(replies[2]?.text).toContain('<!doctype html>');
    expect(() => JSON.parse(replies[3]?.text ?? '')).toThrow();
    expect(replies[5]?.text).toBe('');
    expect(replies[6]?.headers['location']).toBe('http://elsewhere/');
    expect(await read(cloud, '/sandbox/studies')).toMatchObject({ studies: [{ studyId: 'S7' }] });
    expect(await read(cloud, '/sandbox/faults')).toMatchObject({
      waiting: 0,
      planned: { status: 1, code: 1, html: 1, brokenJson: 1, noCode: 1, empty: 1, redirect: 1 },
      happened: { status: 1, code: 1, html: 1, brokenJson: 1, noCode: 1, empty: 1, redirect: 1 },
    });
  });

  test('sandbox cloud: a reset before processing leaves no trace in the final state, one after it does', async () => {
    await plan(cloud, { kind: 'reset' }, { kind: 'reset', takesEffect: true });
    await expect(post(cloud, STUDY, studyPayload({ studyId: 'before' }))).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect(post(cloud, STUDY, studyPayload({ studyId: 'after' }))).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect([await has('before'), await has('after')]).toEqual([false, true]);
    expect(await read(cloud, '/sandbox/requests')).toMatchObject({
      requests: [
        { sequence: 1, studyId: 'before', fault: 'reset', tookEffect: false, code: null, httpStatus: null },
        { sequence: 2, studyId: 'after', fault: 'reset', tookEffect: true },
      ],
    });
  });

  test('sandbox cloud: waits come before processing and before the answer, as scripted', async () => {
    await plan(cloud, { kind: 'delay', beforeMs: 300, afterMs: 20_000 });
    expect((await post(cloud, STUDY, studyPayload())).code).toBe(0);
    expect(waitsMs).toEqual([300, 20_000]);
  });

  test('sandbox cloud: an answer can come byte by byte', async () => {
    await plan(cloud, { kind: 'slowBytes', bytesPerSecond: 2 });
    const reply = await post(cloud, STUDY, studyPayload());
    expect(reply.code).toBe(0);
    expect(waitsMs).toEqual(Array.from(reply.text, () => 500));
  });

  test('sandbox cloud: a fault for one study waits for it and lets others pass', async () => {
    await plan(cloud, { kind: 'status', status: 503, studyId: 'B', times: 2 });
    const statusOf = async (studyId: string) => (await post(cloud, STUDY, studyPayload({ studyId }))).status;
    expect([
      await statusOf('A'),
      await statusOf('B'),
      await statusOf('A'),
      await statusOf('B'),
      await statusOf('B'),
    ]).toEqual([200, 503, 200, 503, 200]);
  });

  test.each([
    ['no list', {}],
    ['an unknown kind', { faults: [{ kind: 'explode' }] }],
    ['an unknown key', { faults: [{ kind: 'html', studyid: 'A' }] }],
    ['an unknown call', { faults: [{ kind: 'html', call: 'ping' }] }],
    ['a status that is none', { faults: [{ kind: 'status', status: 99 }] }],
    ['a header that breaks the line', { faults: [{ kind: 'status', retryAfter: '1\r\nx: y' }] }],
    ['a wait without end', { faults: [{ kind: 'delay', afterMs: 1e12 }] }],
    ['too many', { faults: [{ kind: 'html', times: 1e9 }] }],
  ])('sandbox cloud: a script with %s is refused whole', async (_name, script) => {
    expect((await send(`${cloud.url}/sandbox/faults`, JSON.stringify(script))).status).toBe(400);
    expect(await read(cloud, '/sandbox/faults')).toMatchObject({ waiting: 0 });
  });
});
