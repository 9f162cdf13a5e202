// The cloud sink as a whole: what becomes of requests, whatever the cloud does.
import { describe, expect, test } from 'vitest';
import { ACCEPT, coded } from './scripted-cloud.ts';
import { TIMEOUT_MS, withSink } from './sink-harness.ts';

describe('cloud sink', () => {
  test('a request is signed, posted once and recorded as delivered', () =>
    withSink(async ({ cloud, sink }) => {
      sink.ask('S1', 1);
      await sink.quiet(cloud);
      expect(cloud.requests).toHaveLength(1);
      const [sent] = cloud.requests;
      expect(sent?.path).toBe('/ris/study/add');
      expect(sent?.headers['appid']).toBe('100001');
      expect(sent?.headers['x-request-id']).toMatch(
        /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
      expect(sent?.body).toBe('{"studyId":"S1","studyDesc":"revision 1"}');
      expect(sink.outcomes('S1')).toEqual(['delivered 1']);
      expect(sink.deliveries('S1')[0]).toMatchObject({ attempts: 1, cloudCode: 0, httpStatus: 200 });
      expect(sink.task.state.sites.get('north/')?.waiting).toBe(0);
    }));

  test('a newer revision replaces the waiting one, and identical content is not sent twice', () =>
    withSink(async ({ cloud, sink }) => {
      cloud.script = (_, index) => (index === 0 ? { status: 503, headers: { 'retry-after': '5' } } : ACCEPT);
      sink.ask('S1', 1);
      await sink.quiet(cloud);
      sink.ask('S1', 2);
      sink.ask('S1', 3);
      await sink.advance(7_000, cloud);
      expect(sink.outcomes('S1')).toEqual(['superseded 1', 'superseded 2', 'delivered 3']);
      sink.ask('S1', 4, { body: '{"studyId":"S1","studyDesc":"revision 3"}' });
      await sink.quiet(cloud);
      expect(sink.outcomes('S1').at(-1)).toBe('unchanged 4');
      expect(cloud.requests).toHaveLength(2);
    }));

  test('a revision that is not newer than one already read is recorded as ignored', () =>
    withSink(async ({ cloud, sink }) => {
      sink.ask('S1', 2);
      await sink.quiet(cloud);
      sink.ask('S1', 1);
      await sink.quiet(cloud);
      expect(sink.outcomes('S1')).toEqual(['delivered 2', 'ignored 1']);
      expect(cloud.requests).toHaveLength(1);
    }));

  test('studies are sent in parallel up to the bound, and never two requests of one study', () =>
    withSink(
      async ({ cloud, sink }) => {
        cloud.script = () => ({ end: 'hang' });
        for (let study = 0; study < 10; study += 1) {
          sink.ask(`S${study}`, 1);
          sink.ask(`S${study}`, 2);
        }
        await sink.quiet(cloud);
        expect(cloud.hanging).toBe(3);
        expect(new Set(cloud.requests.map(({ body }) => JSON.parse(body).studyId)).size).toBe(3);
      },
      { inFlightMax: 3 },
    ));

  test('a study the cloud refuses is parked with what waits behind it, in order, and other studies flow', () =>
    withSink(async ({ cloud, sink }) => {
      cloud.script = (request) => (request.body.includes('BAD') ? coded(100001, 'patientSex is wrong') : ACCEPT);
      sink.ask('BAD', 1);
      sink.ask('GOOD', 1);
      await sink.quiet(cloud);
      sink.ask('BAD', 2);
      sink.ask('BAD', 3);
      await sink.advance(60_000, cloud, 5_000);
      expect(sink.outcomes('BAD')).toEqual(['parked 1', 'parked 2', 'parked 3']);
      expect(sink.outcomes('GOOD')).toEqual(['delivered 1']);
      expect(sink.letters().map(({ code }) => code)).toEqual([
        'cloud.invalid_data',
        'cloud.study_parked',
        'cloud.study_parked',
      ]);
      expect(sink.letters()[0]?.reason).toBe('the cloud answered with code 100001; its message names patientSex');
      expect(cloud.requests.filter(({ body }) => body.includes('BAD'))).toHaveLength(1);
    }));

  test('what waits behind a request that is refused becomes a dead letter with it, in the order of the queue', () =>
    withSink(
      async ({ cloud, sink }) => {
        cloud.script = () => ({ end: 'hang' });
        sink.ask('S1', 1);
        await sink.quiet(cloud);
        cloud.script = () => coded(20031);
        sink.ask('S1', 1, { kind: 'report', reportId: 'R1' });
        sink.ask('S1', 1, { kind: 'report', reportId: 'R2' });
        await sink.advance(20_000, cloud);
        expect(sink.outcomes('S1')).toEqual(['parked 1', 'report parked 1', 'report parked 1']);
        expect(sink.letters().map(({ key }) => key)).toEqual([
          'north/S1/study/',
          'north/S1/report/R1',
          'north/S1/report/R2',
        ]);
        expect(cloud.requests).toHaveLength(2);
        expect([...sink.task.state.requests.range('north/')]).toEqual([]);
      },
      { reportPath: '/report' },
    ));

  test('a refused token stops the site, one probe a minute goes, and the site heals by itself', () =>
    withSink(async ({ cloud, sink }) => {
      let refused = true;
      cloud.script = () => (refused ? coded(90001) : ACCEPT);
      for (let study = 0; study < 50; study += 1) sink.ask(`S${study}`, 1);
      await sink.quiet(cloud);
      const atFirst = cloud.requests.length;
      expect(atFirst).toBeLessThanOrEqual(8);
      await sink.advance(5 * 60_000, cloud, 1_000);
      const probes = cloud.requests.slice(atFirst);
      expect(probes.length).toBeGreaterThanOrEqual(4);
      expect(probes.length).toBeLessThanOrEqual(5);
      for (const [index, probe] of probes.entries()) {
        if (index > 0) expect(probe.atMs - (probes[index - 1]?.atMs ?? 0)).toBeGreaterThanOrEqual(60_000);
      }
      refused = false;
      await sink.advance(61_000, cloud, 1_000);
      for (let study = 0; study < 50; study += 1) expect(sink.outcomes(`S${study}`)).toEqual(['delivered 1']);
      const names = sink.facts.map(({ name }) => name);
      expect(names.filter((name) => name === 'cloud.site_stopped')).toHaveLength(1);
      expect(names.filter((name) => name === 'cloud.site_healed')).toHaveLength(1);
    }));

  test('a breaker that is open stays open over a restart, and a due time too', () =>
    withSink(async ({ cloud, sink }) => {
      cloud.script = () => coded(90002);
      sink.ask('S1', 1);
      await sink.quiet(cloud);
      for (let restart = 0; restart < 5; restart += 1) {
        await sink.kill();
        await sink.start();
        await sink.advance(2_000, cloud);
      }
      expect(cloud.requests).toHaveLength(1);
    }));

  test('Retry-After holds back the whole site, in seconds and as a date', () =>
    withSink(async ({ cloud, sink }) => {
      const dateMs = sink.clock.nowMs() + 200_000;
      cloud.script = (_, index) => {
        if (index === 0) return { status: 429, headers: { 'retry-after': '120' } };
        if (index === 1) return { status: 503, headers: { 'retry-after': new Date(dateMs).toUTCString() } };
        return ACCEPT;
      };
      const beganMs = sink.clock.nowMs();
      sink.ask('S1', 1);
      await sink.quiet(cloud);
      sink.ask('S2', 1);
      await sink.advance(250_000, cloud, 1_000);
      expect(cloud.requests).toHaveLength(4);
      expect((cloud.requests[1]?.atMs ?? 0) - beganMs).toBeGreaterThanOrEqual(120_000);
      expect(cloud.requests[2]?.atMs ?? 0).toBeGreaterThanOrEqual(dateMs);
    }));

  test('a repeated attempt has the same request id and the same bytes, and a signature of its own', () =>
    // Invariant 5.
    withSink(async ({ cloud, sink }) => {
      cloud.script = (_, index) => (index < 3 ? { status: 500 } : ACCEPT);
      sink.ask('S1', 1);
      await sink.advance(60_000, cloud);
      expect(cloud.requests).toHaveLength(4);
      const seen = (read: (index: number) => unknown): number => new Set([0, 1, 2, 3].map(read)).size;
      expect(seen((index) => cloud.requests[index]?.headers['x-request-id'])).toBe(1);
      expect(seen((index) => cloud.requests[index]?.body)).toBe(1);
      expect(seen((index) => cloud.requests[index]?.headers['timestamp'])).toBe(4);
      expect(seen((index) => cloud.requests[index]?.headers['signature'])).toBe(4);
    }));

  test('a request whose study is unknown to the cloud sends the study first, once', () =>
    withSink(
      async ({ cloud, sink }) => {
        let lost = false;
        cloud.script = (request) => {
          if (request.path === '/ris/study/add') lost = false;
          return request.path !== '/ris/study/add' && lost ? coded(30002) : ACCEPT;
        };
        sink.ask('S1', 1);
        await sink.quiet(cloud);
        lost = true;
        sink.ask('S1', 1, { kind: 'report', reportId: 'R1', body: '{"studyId":"S1","reportId":"R1"}' });
        await sink.advance(2_000, cloud);
        expect(cloud.requests.map(({ path }) => path)).toEqual([
          '/ris/study/add',
          '/report',
          '/ris/study/add',
          '/report',
        ]);
        expect(sink.outcomes('S1')).toEqual(['delivered 1', 'report delivered 1']);
        cloud.script = (request) => (request.path === '/report' ? coded(30008) : ACCEPT);
        sink.ask('S1', 2, { kind: 'report', reportId: 'R1', body: '{"studyId":"S1","reportId":"R1","version":2}' });
        await sink.advance(60_000, cloud, 5_000);
        expect(cloud.requests).toHaveLength(7);
        expect(sink.outcomes('S1').at(-1)).toBe('report parked 2');
      },
      { reportPath: '/report' },
    ));

  test('a report waits for its study and for its document, which goes along as base64', () =>
    withSink(
      async ({ cloud, sink }) => {
        const hash = 'ab'.repeat(32);
        const body = JSON.stringify({ studyId: 'S1', reportId: 'R1', pdfHash: hash });
        sink.ask('S1', 1, { kind: 'report', reportId: 'R1', body, documentHashes: [hash] });
        await sink.advance(2_000, cloud);
        expect(cloud.requests).toHaveLength(0);
        sink.ask('S1', 1);
        await sink.advance(2_000, cloud);
        expect(cloud.requests.map(({ path }) => path)).toEqual(['/ris/study/add']);
        const content = Buffer.from('%PDF-1.4 synthetic');
        sink.put('documents', { site: 'north', hash, mediaType: 'application/pdf', createdAtMs: 0, content });
        await sink.quiet(cloud);
        expect(JSON.parse(cloud.requests[1]?.body ?? '{}')).toEqual({
          studyId: 'S1',
          id: 'R1',
          pdfHash: hash,
          pdfBase64: content.toString('base64'),
        });
        expect(sink.outcomes('S1')).toEqual(['delivered 1', 'report delivered 1']);
      },
      { reportPath: '/report', reportFields: { reportId: 'id' } },
    ));

  test('a report whose document never comes is parked after 24 hours', () =>
    withSink(
      async ({ cloud, sink }) => {
        sink.ask('S1', 1);
        sink.ask('S1', 1, { kind: 'report', reportId: 'R1', documentHashes: ['cd'.repeat(32)] });
        await sink.advance(25 * 3_600_000, cloud, 3_600_000);
        expect(sink.outcomes('S1')).toEqual(['delivered 1', 'report parked 1']);
        expect(sink.letters()[0]?.code).toBe('cloud.document_missing');
      },
      { reportPath: '/report' },
    ));

  test('a document is kept while a report may need it, and forgotten afterwards', () =>
    withSink(
      async ({ cloud, sink }) => {
        const hash = 'ef'.repeat(32);
        sink.put('documents', {
          site: 'north',
          hash,
          mediaType: 'application/pdf',
          createdAtMs: 0,
          content: Buffer.of(1),
        });
        sink.ask('S1', 1, { kind: 'report', reportId: 'R1', documentHashes: [hash] });
        await sink.advance(40 * 86_400_000, cloud, 86_400_000);
        expect(sink.task.state.documents.get(`north/${hash}`)).toBeDefined();
        sink.ask('S1', 1);
        await sink.advance(3 * 86_400_000, cloud, 86_400_000);
        expect(sink.outcomes('S1')).toEqual(['delivered 1', 'report delivered 1']);
        expect(sink.task.state.documents.get(`north/${hash}`)).toBeUndefined();
        expect([...sink.task.state.references.range('north/')]).toEqual([]);
      },
      { reportPath: '/report' },
    ));

  test('reports and withdrawals without a configured call are ignored and left to a person', () =>
    withSink(async ({ cloud, sink }) => {
      sink.ask('S1', 1, { kind: 'report', reportId: 'R1' });
      sink.ask('S1', 1, { kind: 'withdrawal' });
      await sink.quiet(cloud);
      expect(sink.outcomes('S1')).toEqual(['report ignored 1', 'withdrawal by_hand 1']);
      expect(sink.facts.map(({ name }) => name)).toContain('cloud.withdraw_by_hand');
      expect(cloud.requests).toHaveLength(0);
    }));

  test('a withdrawal replaces what waits of its study, and a study after it is sent again though its content is the same', () =>
    withSink(
      async ({ cloud, sink }) => {
        sink.ask('S1', 1);
        await sink.quiet(cloud);
        cloud.script = (_, index) => (index === 1 ? { status: 503, headers: { 'retry-after': '3' } } : ACCEPT);
        sink.ask('S1', 2);
        await sink.quiet(cloud);
        sink.ask('S1', 1, { kind: 'withdrawal', body: '{"studyId":"S1"}' });
        sink.ask('S1', 3, { body: '{"studyId":"S1","studyDesc":"revision 1"}' });
        await sink.advance(10_000, cloud);
        expect(sink.outcomes('S1')).toEqual(['delivered 1', 'superseded 2', 'withdrawal delivered 1', 'delivered 3']);
        expect(cloud.requests.map(({ path }) => path)).toEqual([
          '/ris/study/add',
          '/ris/study/add',
          '/delete',
          '/ris/study/add',
        ]);
      },
      { deletePath: '/delete' },
    ));

  test('an answer "no data found" to a deletion is what was wanted', () =>
    withSink(
      async ({ cloud, sink }) => {
        cloud.script = () => coded(100004);
        sink.ask('S1', 1, { kind: 'withdrawal' });
        sink.ask('S2', 1);
        await sink.quiet(cloud);
        expect(sink.outcomes('S1')).toEqual(['withdrawal delivered 1']);
        expect(sink.outcomes('S2')).toEqual(['parked 1']);
      },
      { deletePath: '/delete' },
    ));

  test('"duplicate" is a delivery after an ambiguous attempt with the same body, and parks the study otherwise', () =>
    withSink(async ({ cloud, sink }) => {
      const times = new Map<string, number>();
      cloud.script = (request) => {
        const { studyId } = JSON.parse(request.body);
        times.set(studyId, (times.get(studyId) ?? 0) + 1);
        return studyId === 'AGAIN' && times.get(studyId) === 1 ? { end: 'reset', processed: true } : coded(10004);
      };
      sink.ask('AGAIN', 1);
      sink.ask('FIRST', 1);
      await sink.advance(20_000, cloud);
      expect(sink.outcomes('AGAIN')).toEqual(['delivered 1']);
      expect(sink.outcomes('FIRST')).toEqual(['parked 1']);
    }));

  test('an unreadable answer is tried every 5 minutes for 24 hours, then the study is parked', () =>
    withSink(async ({ cloud, sink }) => {
      cloud.script = () => ({ body: '<html>login</html>' });
      sink.ask('S1', 1);
      await sink.advance(23 * 3_600_000, cloud, 30_000);
      expect(sink.outcomes('S1')).toEqual([]);
      const gaps = cloud.requests.slice(1).map(({ atMs }, index) => atMs - (cloud.requests[index]?.atMs ?? 0));
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(300_000);
      expect(Math.max(...gaps)).toBeLessThanOrEqual(400_000);
      await sink.advance(2 * 3_600_000, cloud, 30_000);
      expect(sink.outcomes('S1')).toEqual(['parked 1']);
    }));

  test('a clock that differs from the cloud by more than a minute is reported, once in ten minutes', () =>
    withSink(async ({ cloud, sink }) => {
      cloud.script = () => ({ ...ACCEPT, headers: { date: new Date(sink.clock.nowMs() + 90_000).toUTCString() } });
      for (let study = 0; study < 5; study += 1) sink.ask(`S${study}`, 1);
      await sink.quiet(cloud);
      const skews = sink.facts.filter(({ name }) => name === 'cloud.clock_skewed');
      expect(skews).toEqual([{ name: 'cloud.clock_skewed', fields: { site: 'north', skewSeconds: 90 } }]);
    }));

  test('a request for a site without an account becomes a dead letter', () =>
    withSink(async ({ cloud, sink }) => {
      sink.put('cloud.requests', sink.request('S1', 1, { site: 'south' }));
      await sink.quiet(cloud);
      expect(sink.task.rejected.map(({ failure }) => failure.code)).toEqual(['cloud.no_account']);
    }));

  test('a drain waits for answers that come, and ends without those that do not', () =>
    withSink(async ({ cloud, sink }) => {
      cloud.script = () => ({ end: 'hang' });
      sink.ask('S1', 1);
      await sink.quiet(cloud);
      const drained = sink.effects.drain(new AbortController().signal);
      sink.ask('S2', 1);
      sink.clock.advance(TIMEOUT_MS - 1_000);
      await drained;
      await sink.effects.ended;
      expect(cloud.requests).toHaveLength(1);
      expect(sink.flights()).toBe(1);
    }));

  test('a drain ends at once when its deadline aborts', () =>
    withSink(async ({ cloud, sink }) => {
      cloud.script = () => ({ end: 'hang' });
      sink.ask('S1', 1);
      await sink.quiet(cloud);
      await sink.effects.drain(AbortSignal.abort());
      expect(sink.flights()).toBe(1);
    }));
});
