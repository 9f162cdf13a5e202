// The numbered invariants that the cloud sink enforces.
import { describe, expect, test } from 'vitest';
import { ACCEPT, type ReceivedRequest, type Step } from './scripted-cloud.ts';
import { type Running, TIMEOUT_MS, withSink } from './sink-harness.ts';

const HANG: Step = { end: 'hang' };
const STUDY = '/ris/study/add S1';
const revisionOf = (request: ReceivedRequest | undefined): string => JSON.parse(request?.body ?? '{}').studyDesc ?? '';
const sent = ({ cloud }: Running): readonly string[] => cloud.requests.map(revisionOf);

describe('invariant 4', () => {
  test('attempts for one study begin in the order of its revisions', () =>
    withSink(async (running) => {
      const { cloud, sink } = running;
      cloud.script = (_, index) => (index % 3 === 0 ? { status: 500 } : ACCEPT);
      for (let revision = 1; revision <= 12; revision += 1) {
        sink.ask('S1', revision);
        await sink.advance(revision * 700, cloud);
      }
      await sink.advance(60_000, cloud);
      const numbers = sent(running).map((text) => Number(text.split(' ')[1]));
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      expect(cloud.applied.get(STUDY)?.at(-1)).toContain('revision 12');
    }));

  test('after an ambiguous attempt a newer revision waits out the deadline of the attempt', () =>
    withSink(async (running) => {
      const { cloud, sink } = running;
      cloud.script = (_, index) => (index === 0 ? { end: 'reset' } : ACCEPT);
      const beganMs = sink.clock.nowMs();
      sink.ask('S1', 1);
      await sink.quiet(cloud);
      sink.ask('S1', 2);
      await sink.advance(TIMEOUT_MS - 500, cloud);
      expect(sent(running)).toEqual(['revision 1']);
      await sink.advance(2_000, cloud);
      expect(sent(running)).toEqual(['revision 1', 'revision 2']);
      expect((cloud.requests[1]?.atMs ?? 0) - beganMs).toBeGreaterThanOrEqual(TIMEOUT_MS);
    }));

  test('a newer revision is sent once more when an older request may still land, so a late landing does not last', () =>
    withSink(async (running) => {
      const { cloud, sink } = running;
      cloud.script = (_, index) => (index === 0 ? HANG : ACCEPT);
      sink.ask('S1', 1);
      await sink.quiet(cloud);
      sink.ask('S1', 2);
      await sink.advance(TIMEOUT_MS + 1_500, cloud);
      expect(sink.outcomes('S1')).toEqual(['superseded 1', 'delivered 2']);
      const [late] = cloud.requests;
      if (late !== undefined) cloud.apply(late);
      expect(cloud.applied.get(STUDY)?.at(-1)).toContain('revision 1');
      await sink.advance(2 * TIMEOUT_MS, cloud);
      expect(cloud.applied.get(STUDY)?.at(-1)).toContain('revision 2');
      expect(sent(running)).toEqual(['revision 1', 'revision 2', 'revision 2']);
      expect(sink.outcomes('S1')).toEqual(['superseded 1', 'delivered 2']);
      await sink.advance(60_000, cloud);
      expect(cloud.requests).toHaveLength(3);
    }));

  test('a repeat that was delivered does not free a newer revision from the attempt before it', () =>
    withSink(async (running) => {
      const { cloud, sink } = running;
      cloud.script = (_, index) => (index === 0 ? { end: 'reset' } : ACCEPT);
      sink.ask('S1', 1);
      await sink.advance(1_500, cloud);
      expect(sink.outcomes('S1')).toEqual(['delivered 1']);
      sink.ask('S1', 2);
      await sink.quiet(cloud);
      expect(sent(running)).toEqual(['revision 1', 'revision 1']);
      await sink.advance(TIMEOUT_MS, cloud);
      expect(sent(running)).toEqual(['revision 1', 'revision 1', 'revision 2']);
      await sink.advance(2 * TIMEOUT_MS, cloud);
      expect(sent(running)).toEqual(['revision 1', 'revision 1', 'revision 2', 'revision 2']);
      expect(sink.outcomes('S1')).toEqual(['delivered 1', 'delivered 2']);
    }));

  test('a request that a killed process may have sent counts as an ambiguous attempt', () =>
    withSink(async (running) => {
      const { cloud, sink } = running;
      cloud.script = (_, index) => (index === 0 ? HANG : ACCEPT);
      const beganMs = sink.clock.nowMs();
      sink.ask('S1', 1);
      await sink.quiet(cloud);
      const [late] = cloud.requests;
      await sink.kill();
      sink.ask('S1', 2);
      await sink.start();
      await sink.advance(2_000, cloud);
      expect(sent(running)).toEqual(['revision 1']);
      await sink.advance(TIMEOUT_MS, cloud);
      expect(sent(running)).toEqual(['revision 1', 'revision 2']);
      expect((cloud.requests[1]?.atMs ?? 0) - beganMs).toBeGreaterThanOrEqual(TIMEOUT_MS);
      if (late !== undefined) cloud.apply(late);
      await sink.advance(2 * TIMEOUT_MS, cloud);
      expect(cloud.applied.get(STUDY)?.at(-1)).toContain('revision 2');
      expect(sink.outcomes('S1')).toEqual(['superseded 1', 'delivered 2']);
    }));

  test('a sender that stood still past its lease aborts its sockets before it does anything else', () =>
    withSink(
      async (running) => {
        const { cloud, sink } = running;
        cloud.script = () => HANG;
        sink.ask('S1', 1);
        await sink.quiet(cloud);
        expect(cloud.hanging).toBe(1);
        cloud.script = () => ACCEPT;
        const order: string[] = [];
        const before = cloud.script;
        cloud.script = (request, index) => {
          order.push(`sent with ${cloud.hanging} hanging`);
          return before(request, index);
        };
        sink.clock.advance(20_000);
        sink.ask('S2', 1);
        await sink.advance(5_000, cloud);
        expect(order[0]).toBe('sent with 0 hanging');
        expect(sink.facts.filter(({ name }) => name === 'cloud.lease_lapsed')).toHaveLength(1);
        expect(sink.outcomes('S1')).toEqual(['delivered 1']);
        expect(sink.outcomes('S2')).toEqual(['delivered 1']);
      },
      { timeoutMs: 60_000 },
    ));
});

describe('invariant 5', () => {
  test('a repeat after a restart carries the same request id and the same bytes of body', () =>
    withSink(async ({ cloud, sink }) => {
      cloud.script = (_, index) => (index === 0 ? HANG : ACCEPT);
      sink.ask('S1', 1);
      await sink.quiet(cloud);
      await sink.kill();
      await sink.start();
      await sink.advance(10_000, cloud);
      const [first, second] = cloud.requests;
      expect(cloud.requests).toHaveLength(2);
      expect(second?.headers['x-request-id']).toBe(first?.headers['x-request-id']);
      expect(second?.body).toBe(first?.body);
      expect(second?.headers['timestamp']).not.toBe(first?.headers['timestamp']);
      expect(sink.deliveries('S1').at(-1)).toMatchObject({ outcome: 'delivered', attempts: 2 });
    }));
});

describe('invariant 3', () => {
  test('each request that was read ends in exactly one outcome, whatever the cloud did', () =>
    withSink(async ({ cloud, sink }) => {
      const steps: readonly Step[] = [
        ACCEPT,
        { status: 500 },
        { end: 'reset', processed: true },
        { body: '{"code":100001,"message":""}' },
        { body: '{"code":1,"message":""}' },
        { status: 503, headers: { 'retry-after': '1' } },
      ];
      cloud.script = (request) => steps[(request.body.length + cloud.requests.length) % steps.length] ?? ACCEPT;
      const asked: string[] = [];
      for (let revision = 1; revision <= 6; revision += 1) {
        for (let study = 0; study < 12; study += 1) {
          sink.ask(`S${study}`, revision);
          asked.push(`S${study} ${revision}`);
        }
        await sink.advance(1_000, cloud);
      }
      cloud.script = () => ACCEPT;
      await sink.advance(15 * 60_000, cloud, 5_000);
      const ended = sink
        .deliveries()
        .filter(({ outcome }) => outcome !== 'retrying')
        .map(({ studyKey, revision }) => `${studyKey} ${revision}`);
      expect(ended.toSorted()).toEqual(asked.toSorted());
      const parked = sink.deliveries().filter(({ outcome }) => outcome === 'parked');
      expect(parked.length).toBeGreaterThan(0);
      expect(sink.letters()).toHaveLength(parked.length);
      expect(sink.task.state.sites.get('north/')).toMatchObject({ waiting: 0, retrying: 0 });
      expect([...sink.task.state.due.range('north/')]).toEqual([]);
    }));
});

describe('invariant 7', () => {
  test('a look at the queue reads no more of it than there is room for attempts', () =>
    withSink(
      async ({ cloud, sink }) => {
        cloud.script = () => HANG;
        for (let study = 0; study < 300; study += 1) sink.ask(`S${study}`, 1);
        await sink.quiet(cloud);
        expect(cloud.hanging).toBe(4);
        const { due } = sink.task.state;
        let read = 0;
        const range = due.range.bind(due);
        due.range = function* (prefix) {
          for (const entry of range(prefix)) {
            read += 1;
            yield entry;
          }
        };
        for (let look = 0; look < 10; look += 1) sink.effects.wake();
        expect(read).toBe(0);
        cloud.script = () => ACCEPT;
        await sink.advance(TIMEOUT_MS + 3_000, cloud);
        expect(cloud.requests.length).toBe(304);
        // Each look may pass the four studies that are taken, and stops at the last one it has room for; there are at
        // most two looks a commit and two commits an attempt, and one a step of the clock.
        expect(read).toBeLessThan((4 * 304 + 20) * 8);
      },
      { inFlightMax: 4 },
    ));

  test('an answer larger than an answer may be is not held, and counts as unreadable', () =>
    withSink(async ({ cloud, sink }) => {
      cloud.script = () => ({ body: `{"code":0,"message":"${'x'.repeat(1_000_000)}"}` });
      sink.ask('S1', 1);
      await sink.quiet(cloud);
      expect(sink.deliveries('S1')).toMatchObject([{ outcome: 'retrying', failureCode: 'cloud.unreadable_answer' }]);
    }));
});

test('invariant 8: no patient data in facts, failures and the reasons of dead letters', () =>
  withSink(
    async ({ cloud, sink }) => {
      const canary = '金丝雀Canary13800138000';
      const steps: readonly Step[] = [
        { body: JSON.stringify({ code: 100001, message: `patientName ${canary} is wrong` }) },
        { status: 500, body: canary },
        { body: `<html>${canary}` },
        { end: 'reset' },
        { body: JSON.stringify({ code: 77777, message: canary }) },
      ];
      cloud.script = (_, index) => steps[index % steps.length] ?? ACCEPT;
      for (let study = 0; study < 20; study += 1) {
        const body = JSON.stringify({ studyId: `S${study}`, patientName: canary });
        sink.ask(`S${study}`, 1, { body });
        sink.ask(`S${study}`, 1, { kind: 'report', reportId: 'R', body });
      }
      sink.ask('T1', 1, { kind: 'report', reportId: 'R', body: canary });
      sink.ask('T1', 1);
      await sink.advance(60_000, cloud);
      expect(sink.letters().length).toBeGreaterThan(5);
      const visible = JSON.stringify([
        sink.facts,
        sink.task.rejected.map(({ failure }) => failure),
        sink.letters().map(({ bytes, ...visibleFields }) => visibleFields),
        sink.deliveries(),
      ]);
      expect(visible).not.toContain('Canary');
      expect(visible).not.toContain('金丝雀');
      expect(visible).not.toContain('13800138000');
    },
    { reportPath: '/report' },
  ));
