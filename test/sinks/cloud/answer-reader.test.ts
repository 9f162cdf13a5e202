// The response table, row by row, and what is no row of it.
import { describe, expect, test } from 'vitest';
import { type AttemptEnd, readEnd, readSkewMs } from '../../../sinks/cloud/answer-reader.ts';

const NOW_MS = 1_800_000_000_000;
const BODY = Buffer.from('{"patientName":"x","studyDesc":"y"}');

function answered(httpStatus: number, body: string | undefined, retryAfter?: string): AttemptEnd {
  return { type: 'answered', httpStatus, body, retryAfter, date: undefined };
}
const coded = (code: unknown, httpStatus = 200, message = ''): AttemptEnd =>
  answered(httpStatus, JSON.stringify({ code, message }));
const courseOf = (end: AttemptEnd): string => readEnd(end, BODY, NOW_MS).course;
const kindOf = (end: AttemptEnd): string | null => readEnd(end, BODY, NOW_MS).kind;

describe('response table', () => {
  test.each([
    ['delivered', [0]],
    ['retry', [1, 100002, 100003, 10001]],
    ['duplicate', [10004, 30004]],
    ['study_first', [30002, 30008]],
    ['retry_slowly', [10002, 30005, 30006, 30007, 30010, 30011]],
    ['park', [100001, 10005, 20030, 20031, 30009]],
    ['stop_site', [90001, 90002, 90003, 20008]],
    ['nothing_found', [100004, 10003]],
    ['park', [20001, 30001, 40001, 50001, 60001, 70001, 80001, 2, -1, 999999]],
  ])('%s follows from the codes %j', (course, codes) => {
    for (const code of codes) expect([code, courseOf(coded(code))]).toEqual([code, course]);
  });

  test('HTTP 5xx is ambiguous even with a code, and 429 and 503 did not happen', () => {
    for (const status of [500, 501, 502, 504]) expect(kindOf(coded(0, status))).toBe('ambiguous');
    for (const status of [429, 503]) expect(kindOf(coded(0, status))).toBe('transient');
  });

  test('a code in an answer with HTTP 4xx counts, but never as success', () => {
    expect(courseOf(coded(90001, 401))).toBe('stop_site');
    expect(courseOf(coded(0, 400))).toBe('retry_slowly');
  });

  test('what holds no integer code is unreadable: HTML, broken JSON, nothing, text, fractions, too much, a redirect', () => {
    const bodies = [
      '<html></html>',
      '{"code":0',
      '',
      'null',
      '[]',
      '0',
      '{}',
      '{"code":"0"}',
      '{"code":0.5}',
      '{"code":null}',
    ];
    for (const body of [...bodies, undefined])
      expect([body, courseOf(answered(200, body))]).toEqual([body, 'retry_slowly']);
    expect(courseOf(coded(0, 302))).toBe('retry_slowly');
    expect(courseOf(answered(404, 'not found'))).toBe('retry_slowly');
  });

  test('Retry-After is read in seconds and as a date, and left out when it is neither', () => {
    const waitOf = (text: string | undefined): number | null =>
      readEnd(answered(503, '', text), BODY, NOW_MS).retryAfterMs;
    expect(waitOf('120')).toBe(120_000);
    expect(waitOf(new Date(NOW_MS + 60_000).toUTCString())).toBe(60_000);
    expect(waitOf(new Date(NOW_MS - 60_000).toUTCString())).toBe(0);
    expect(waitOf('soon')).toBeNull();
    expect(waitOf(undefined)).toBeNull();
  });

  test('of the cloud’s message only names of fields are taken, those it asks for and those it was sent', () => {
    const verdict = readEnd(
      coded(100001, 200, 'patientSex missing; patientName 张三 and studyDesc wrong'),
      BODY,
      NOW_MS,
    );
    expect(verdict.namedFields).toEqual(['patientName', 'patientSex', 'studyDesc']);
    expect(JSON.stringify(verdict)).not.toContain('张三');
  });

  test('the skew of the clocks comes from the Date header, where there is one', () => {
    const date = new Date(NOW_MS + 90_000).toUTCString();
    const end: AttemptEnd = { type: 'answered', httpStatus: 200, body: '', retryAfter: undefined, date };
    expect(readSkewMs(end, NOW_MS)).toBe(90_000);
    expect(readSkewMs({ ...end, date: 'yesterday' }, NOW_MS)).toBeUndefined();
    expect(readSkewMs({ type: 'failed', row: 'timed_out' }, NOW_MS)).toBeUndefined();
  });
});
