import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cloudDateTime, parseTimestamp } from '../../../processors/mapping/timestamp.ts';

const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);

/** What is read, as one pattern: HL7 TS from the day on, and the habit `yyyy-MM-dd HH:mm:ss`. */
const PATTERN =
  /^(\d{4})(-?)(\d{2})\2(\d{2})(?:[ T]?(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?)?)? ?(?:Z|([+-])(\d{2}):?(\d{2}))?$/;

function byPattern(text: string): unknown {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const [, year, , month, day, hour = '0', minute = '0', second = '0', fraction = '', sign, hours, minutes] = match;
  const zoned = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  return {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Math.min(Number(second), 59),
    fraction,
    offsetMinutes: text.endsWith('Z') ? 0 : sign === undefined ? undefined : zoned,
  };
}

/** Days and times that exist, mostly, so that the form decides. */
const within = (min: number, max: number) => fc.integer({ min, max }).map((number) => String(number).padStart(2, '0'));
const colon = fc.constantFrom('', ':');
const date = fc
  .tuple(fc.constantFrom('', '', '-'), fc.constantFrom('2026', '1980', '2199'), within(1, 12), within(1, 30))
  .map(([hyphen, ...parts]) => parts.join(hyphen));
const time = fc
  .tuple(within(0, 23), colon, within(0, 59), colon, within(0, 99), fc.constantFrom('', '.1', '.123456', '.1234567'))
  .chain((parts) => fc.integer({ min: 0, max: parts.length }).map((count) => parts.slice(0, count).join('')));
const offset = fc.oneof(
  fc.constantFrom('', '', 'Z'),
  fc.tuple(fc.constantFrom('+', '-'), within(0, 14), colon, within(0, 59)).map((parts) => parts.join('')),
);
const written = fc
  .tuple(date, fc.constantFrom('', '', ' ', 'T'), time, fc.constantFrom('', '', ' ', '  '), offset)
  .map((parts) => parts.join(''));
const mutated = fc
  .tuple(written, fc.nat(40), fc.constantFrom('', 'Z', ' ', '0', '9', ':', '-', '+', '.', 'T', '/', '٣', '\n'))
  .map(([text, at, character]) => text.slice(0, at) + character + text.slice(at + (at % 2)));

describe(`timestamps (seed ${seed})`, () => {
  test('timestamps: whatever is written, exactly the texts of the pattern are read, and as it reads them', () => {
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(written, mutated), (text) => {
        const at = parseTimestamp(text);
        if (at !== undefined) read += 1;
        const expected = text.length > 40 ? undefined : byPattern(text);
        if (at !== undefined || expected === undefined) expect(at).toEqual(expected);
        // The pattern reads hours and days that do not exist.
        else expect(expected).toSatisfy(isImpossible);
      }),
      { seed, numRuns: 60_000 },
    );
    expect(read).toBeGreaterThan(2_000);
  });

  test.each([
    ['20260303', '2026-03-03 00:00:00'],
    ['2026-03-03 09:10:11', '2026-03-03 09:10:11'],
    ['20260303091011.123456+0800', '2026-03-03 09:10:11'],
    ['20260303T0910Z', '2026-03-03 09:10:00'],
    ['2026030309101160', undefined],
    ['202603', undefined],
    ['2026-0303', undefined],
    ['20260303T', undefined],
    ['20260303091011.', undefined],
    ['20260303091011.1234567', undefined],
    ['20260303091011+08', undefined],
  ])('timestamps: %s is read as %s', (text, expected) => {
    const at = parseTimestamp(text);
    expect(at === undefined ? undefined : cloudDateTime(at)).toBe(expected);
  });
});

function isImpossible(value: unknown): boolean {
  const text = JSON.stringify(value);
  const number = (name: string): number => Number(new RegExp(`"${name}":(\\d+)`).exec(text)?.[1]);
  const daysOfMonth = new Date(Date.UTC(number('year'), number('month'), 0)).getUTCDate();
  if (number('year') < 1800 || number('year') > 2199) return true;
  if (number('month') < 1 || number('month') > 12 || number('day') < 1 || number('day') > daysOfMonth) return true;
  return number('hour') > 23 || number('minute') > 59;
}
