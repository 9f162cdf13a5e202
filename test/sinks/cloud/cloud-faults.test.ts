// Every fault of the proofs, as the first, a middle and the last attempt before success.
import { describe, expect, test } from 'vitest';
import { ACCEPT, coded, type Step } from './scripted-cloud.ts';
import { type Running, withSink } from './sink-harness.ts';

type End = 'delivered' | 'parked';
interface Fault {
  readonly name: string;
  readonly step: Step;
  readonly end: End;
  /** Where an ambiguous attempt came before. */
  readonly endAfterAmbiguous?: End;
}

const CODED: readonly Fault[] = [
  ...[1, 100002, 100003, 10001, 10002, 30005, 30006, 30007, 30010, 30011].map((code) => fault(code, 'delivered')),
  ...[90001, 90002, 90003, 20008].map((code) => fault(code, 'delivered')),
  ...[100001, 10005, 20030, 20031, 30009, 100004, 10003, 30002, 30008, 20001, 77777].map((code) =>
    fault(code, 'parked'),
  ),
  ...[10004, 30004].map((code): Fault => ({ ...fault(code, 'parked'), endAfterAmbiguous: 'delivered' })),
];

const OTHERS: readonly Fault[] = [
  ...[400, 401, 403, 404, 405, 408, 409, 413, 500, 501, 502, 503, 504].map((status): Fault => {
    return { name: `HTTP ${status}`, step: { status, body: 'no' }, end: 'delivered' };
  }),
  retried('HTTP 429 without Retry-After', { status: 429 }),
  retried('HTTP 429 with Retry-After in seconds', { status: 429, headers: { 'retry-after': '30' } }),
  retried('HTTP 429 with Retry-After as a date', {
    status: 429,
    headers: { 'retry-after': new Date(1_800_000_040_000).toUTCString() },
  }),
  retried('HTTP 503 with Retry-After in seconds', { status: 503, headers: { 'retry-after': '30' } }),
  retried('HTML', { body: '<html><body>login</body></html>', processed: true }),
  retried('broken JSON', { body: '{"code":0,', processed: true }),
  retried('an empty answer', { body: '', processed: true }),
  retried('an answer without code', { body: '{"message":"success"}', processed: true }),
  retried('a redirect', { status: 302, headers: { location: '/elsewhere' } }),
  retried('a reset before processing', { end: 'reset' }),
  retried('a reset after processing', { end: 'reset', processed: true }),
  retried('a time-out before processing', { end: 'hang' }),
  retried('a time-out after processing', { end: 'hang', processed: true }),
  retried('an answer that trickles', { end: 'trickle', processed: true }),
];

/** The cloud took the data, and a proxy lost the answer. */
const LOST: Step = { status: 500, processed: true };

const POSITIONS = [
  { position: 'first', before: [], after: [{ status: 500 }, { status: 500 }] },
  { position: 'middle', before: [LOST], after: [{ status: 500 }] },
  { position: 'last', before: [LOST, LOST], after: [] },
] as const;

describe.each(POSITIONS)('cloud faults at the $position attempt', ({ before, after }) => {
  test.each([...CODED, ...OTHERS])('$name ends in one right final state', (planned) =>
    withSink(async (running) => {
      const end = before.length > 0 ? (planned.endAfterAmbiguous ?? planned.end) : planned.end;
      await checkFault(running, [...before, planned.step, ...after], before.length + 1, end);
    }),
  );
});

test.each([1, 2, 3])('a cloud that refuses connections from attempt %i on gets the request when it is back', (from) =>
  withSink(async ({ cloud, sink }) => {
    cloud.script = (_, index) => (index < from - 1 ? { status: 500 } : ACCEPT);
    if (from === 1) await cloud.close();
    sink.ask('S1', 1);
    await sink.quiet(cloud);
    while (cloud.requests.length < from - 1) await sink.advance(100, cloud, 100);
    if (from > 1) await cloud.close();
    await sink.advance(10 * 60_000, cloud, 2_000);
    const attempts = sink.deliveries().filter(({ failureCode }) => failureCode === 'cloud.unreachable');
    expect(attempts.length).toBeGreaterThan(1);
    expect(attempts.length).toBeLessThan(60);
    await cloud.open();
    await sink.advance(6 * 60_000, cloud, 2_000);
    expect(sink.outcomes('S1')).toEqual(['delivered 1']);
  }),
);

test('a hundred studies before a cloud that is down cost one attempt at a time, with growing pauses', () =>
  withSink(async ({ cloud, sink }) => {
    await cloud.close();
    for (let study = 0; study < 100; study += 1) sink.ask(`S${study}`, 1);
    await sink.quiet(cloud);
    await sink.advance(60_000, cloud, 500);
    const attempts = sink.deliveries().length;
    expect(attempts).toBeLessThan(30);
    await sink.advance(60 * 60_000, cloud, 5_000);
    expect(sink.deliveries().length - attempts).toBeLessThan(150);
    await cloud.open();
    await sink.advance(6 * 60_000, cloud, 1_000);
    expect(sink.deliveries().filter(({ outcome }) => outcome === 'delivered')).toHaveLength(100);
  }));

async function checkFault({ cloud, sink }: Running, steps: readonly Step[], faultAt: number, end: End): Promise<void> {
  const attemptsOf = (study: string) => cloud.requests.filter(({ body }) => JSON.parse(body).studyId === study);
  cloud.script = (request) => {
    if (JSON.parse(request.body).studyId !== 'S1') return ACCEPT;
    return steps[attemptsOf('S1').length] ?? ACCEPT;
  };
  sink.ask('S1', 1);
  sink.ask('S2', 1);
  await sink.quiet(cloud);
  const ended = (): boolean => sink.outcomes('S1').length > 0 && sink.outcomes('S2').length > 0;
  for (let step = 0; step < 900 && !ended(); step += 1) await sink.advance(1_000, cloud, 1_000);
  await sink.advance(10 * 60_000, cloud, 5_000);
  expect(sink.outcomes('S1')).toEqual([`${end} 1`]);
  expect(sink.outcomes('S2')).toEqual(['delivered 1']);
  // The fault has happened, and nothing follows what is permanent.
  const attempts = attemptsOf('S1');
  expect(attempts.length).toBeGreaterThanOrEqual(faultAt);
  if (end === 'parked') expect(attempts).toHaveLength(faultAt);
  expect(new Set(attempts.map(({ headers }) => headers['x-request-id'])).size).toBe(1);
  expect(new Set(attempts.map(({ body }) => body)).size).toBe(1);
  if (end === 'delivered') expect(cloud.applied.get('/ris/study/add S1')?.at(-1)).toBe(attempts[0]?.body);
  expect(sink.letters()).toHaveLength(end === 'parked' ? 1 : 0);
}

function fault(code: number, end: End): Fault {
  return { name: `code ${code}`, step: coded(code), end };
}

function retried(name: string, step: Step): Fault {
  return { name, step, end: 'delivered' };
}
