import { describe, expect, test } from 'vitest';
import { createStoreEvents, type StoreEventsLimits } from '../../../connectors/dicom/store-events.ts';
import { systemClock } from '../../../runtime/contracts/clock.ts';
import { LogError } from '../../../runtime/contracts/record-log.ts';
import { ManualClock } from '../../runtime/log/manual-clock.ts';
import { DoorLog } from './door-log.ts';
import { FactRecorder } from './fact-recorder.ts';
import { testSite } from './started-scp.ts';

const STORED = {
  '00080016': { vr: 'UI', Value: ['1.2.840.10008.5.1.4.1.1.2'] },
  '00080018': { vr: 'UI', Value: ['1.2.3.4'] },
  '0020000D': { vr: 'UI', Value: ['1.2.3'] },
  '0020000E': { vr: 'UI', Value: ['1.2.3.1'] },
  '00100010': { vr: 'PN', Value: [{ Ideographic: '张^三' }] },
};

function door(changes: { clock?: ManualClock; limits?: Partial<StoreEventsLimits> } = {}) {
  const log = new DoorLog();
  const telemetry = new FactRecorder();
  const events = createStoreEvents({
    ...{ log, codec: log.codec, clock: systemClock, telemetry },
    route: ({ source = 'pacs', institution }) =>
      institution === 'NOWHERE' || source === 'stranger' ? undefined : { site: testSite(), source },
    ...changes,
  });
  const post = (content: unknown, source?: string) => {
    const body = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
    const request = { body, remoteAddress: '10.0.0.1', ...(source === undefined ? {} : { source }) };
    return events.handle(request, new AbortController().signal);
  };
  return { log, telemetry, post };
}

describe('store events', () => {
  test('become instances, answered 202 with their count', async () => {
    const { log, post } = door();
    const deleted = { ...STORED, 'studybridge:event': 'deleted', 'studybridge:order': 17 };
    expect(await post([STORED, deleted])).toEqual({ status: 202, body: { accepted: 2 } });
    expect(log.instances()).toMatchObject([
      {
        ...{ site: 'default', source: 'pacs', event: 'stored', via: 'store_event', sourceOrder: null },
        ...{ sopInstanceUid: '1.2.3.4', attributes: { study: { patientName: '=张^三' } } },
      },
      { event: 'deleted', sourceOrder: 17, attributes: null, sopClassUid: '1.2.840.10008.5.1.4.1.1.2' },
    ]);
  });

  test('of an empty array are none', async () => {
    expect(await door().post([])).toEqual({ status: 202, body: { accepted: 0 } });
  });

  test('name every fault of every event at once and record nothing', async () => {
    const { log, telemetry, post } = door();
    const answer = await post([
      STORED,
      { ...STORED, '00080018': { vr: 'UI', Value: ['CANARY'] }, '00100010': { vr: 'LO', Value: ['CANARY'] } },
      { ...STORED, 'studybridge:event': 'deleted' },
      { ...STORED, 'studybridge:event': 'CANARY', 'studybridge:order': -1 },
      'CANARY',
    ]);
    expect(answer).toEqual({
      status: 400,
      body: {
        faultCount: 6,
        faults: [
          expect.objectContaining({ index: 1, tag: '00080018' }),
          expect.objectContaining({ index: 1, tag: '00100010' }),
          expect.objectContaining({ index: 2, tag: 'studybridge:order' }),
          expect.objectContaining({ index: 3, tag: 'studybridge:event' }),
          expect.objectContaining({ index: 3, tag: 'studybridge:order' }),
          expect.objectContaining({ index: 4, tag: '' }),
        ],
      },
    });
    expect(JSON.stringify(answer) + telemetry.text()).not.toContain('CANARY');
    expect(log.entries).toEqual([]);
  });

  test.each([
    ['no JSON', '{CANARY'],
    ['an object', '{}'],
    ['nothing', ''],
    ['null', 'null'],
  ])('that are %s are refused', async (_, body) => {
    const answer = await door().post(body);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer)).not.toContain('CANARY');
  });

  test('that are not UTF-8 are refused', async () => {
    const { post } = door();
    const bytes = Buffer.concat([Buffer.from('[{"x":"'), Buffer.from([0xd5, 0xc5]), Buffer.from('"}]')]);
    expect((await post(bytes.toString('latin1'))).status).toBe(400);
    const events = createStoreEvents({
      ...{ log: new DoorLog(), codec: new DoorLog().codec, clock: systemClock, telemetry: new FactRecorder() },
      route: () => undefined,
    });
    const answer = await events.handle({ body: bytes, remoteAddress: '' }, new AbortController().signal);
    expect(answer.status).toBe(400);
  });

  test('above a limit are refused with 413', async () => {
    const { post } = door({ limits: { bodyBytesMax: 2000, eventsMax: 2 } });
    expect((await post([{}, {}, {}])).status).toBe(413);
    expect((await post(`[${' '.repeat(3000)}]`)).status).toBe(413);
  });

  test('without a site are refused with 403', async () => {
    const { log, post } = door();
    expect((await post([STORED], 'stranger')).status).toBe(403);
    const elsewhere = { ...STORED, '00080080': { vr: 'LO', Value: ['NOWHERE'] } };
    expect((await post([STORED, elsewhere])).status).toBe(403);
    expect(log.entries).toEqual([]);
  });

  test('invariant 1: are not accepted before the log has them', async () => {
    const { log, post } = door();
    log.shut();
    let answered = false;
    const answer = post([STORED]).finally(() => {
      answered = true;
    });
    await log.appended(1);
    for (let round = 0; round < 20; round += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    log.open();
    expect((await answer).status).toBe(202);
  });

  test('are answered 503 with Retry-After when the log does not take them in time, or refuses', async () => {
    const clock = new ManualClock();
    const { log, post } = door({ clock });
    log.shut();
    const late = post([STORED]);
    await log.appended(1);
    clock.advance(10_000);
    expect(await late).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    log.refuse(new LogError('log.closed'));
    expect((await post([STORED])).status).toBe(503);
  });

  test.each(['log.full', 'log.unavailable'] as const)(
    'wait while the log says %s, until the deadline',
    async (code) => {
      const clock = new ManualClock();
      const { log, post } = door({ clock });
      log.refuse(new LogError(code));
      const answer = post([STORED]);
      await log.appended(1);
      log.open();
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(250);
      expect((await answer).status).toBe(202);
      expect(log.entries).toHaveLength(1);
    },
  );
});
