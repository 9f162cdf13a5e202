// Dates and times as HL7 and DICOM write them, and as the cloud wants them.

export interface Timestamp {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Digits after the decimal point, as sent. */
  readonly fraction: string;
  /** Minutes east of UTC, when the text says so. */
  readonly offsetMinutes: number | undefined;
}

const YEAR_MIN = 1800;
const YEAR_MAX = 2199;
const TEXT_LENGTH_MAX = 40;

/**
 * HL7 TS/DTM (v2.5.1 section 2.A.22) from the day on, and the habit `yyyy-MM-dd HH:mm:ss`. What the text does not say
 * of the time is zero. A text without a day is no date.
 *
 * Read by hand: a message has a dozen times, and as a pattern each cost as much as ten fields.
 */
export function parseTimestamp(text: string): Timestamp | undefined {
  if (text.length < 8 || text.length > TEXT_LENGTH_MAX) return undefined;
  const hyphen = text.charCodeAt(4) === HYPHEN ? 1 : 0;
  const century = twoDigits(text, 0);
  const yearOfCentury = twoDigits(text, 2);
  const month = twoDigits(text, 4 + hyphen);
  if (hyphen === 1 && text.charCodeAt(7) !== HYPHEN) return undefined;
  const day = twoDigits(text, 6 + 2 * hyphen);
  if ((century | yearOfCentury | month | day) < 0) return undefined;

  let at = 8 + 2 * hyphen;
  let minute = -1;
  let second = -1;
  const separator = text.charCodeAt(at);
  const hour = twoDigits(text, separator === SPACE || separator === LETTER_T ? at + 1 : at);
  if (hour >= 0) {
    at += separator === SPACE || separator === LETTER_T ? 3 : 2;
    minute = twoDigits(text, afterColon(text, at));
    if (minute >= 0) at = afterColon(text, at) + 2;
    second = minute < 0 ? -1 : twoDigits(text, afterColon(text, at));
    if (second >= 0) at = afterColon(text, at) + 2;
  }
  const fractionEnd = second < 0 || text.charCodeAt(at) !== POINT ? at : afterFraction(text, at);
  if (fractionEnd === undefined) return undefined;
  const fraction = text.slice(at + 1, fractionEnd);
  at = text.charCodeAt(fractionEnd) === SPACE ? fractionEnd + 1 : fractionEnd;
  const offsetMinutes = at === text.length ? undefined : readOffset(text, at);
  if (at < text.length && offsetMinutes === undefined) return undefined;
  return checked({
    year: century * 100 + yearOfCentury,
    month,
    day,
    hour: Math.max(hour, 0),
    minute: Math.max(minute, 0),
    second: Math.min(Math.max(second, 0), 60),
    fraction,
    offsetMinutes,
  });
}

const SPACE = 0x20;
const PLUS = 0x2b;
const HYPHEN = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;
const FRACTION_DIGITS_MAX = 6;

/** -1 where there are no two digits. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO;
  const units = text.charCodeAt(at + 1) - ZERO;
  return tens >= 0 && tens <= 9 && units >= 0 && units <= 9 ? tens * 10 + units : -1;
}

function afterColon(text: string, at: number): number {
  return text.charCodeAt(at) === COLON ? at + 1 : at;
}

/** undefined: a point without digits, or with too many. */
function afterFraction(text: string, point: number): number | undefined {
  let end = point + 1;
  while (text.charCodeAt(end) >= ZERO && text.charCodeAt(end) < COLON) end += 1;
  const digits = end - point - 1;
  return digits >= 1 && digits <= FRACTION_DIGITS_MAX ? end : undefined;
}

/** Z or ±hh[:]mm, with nothing after it; undefined for anything else. */
function readOffset(text: string, at: number): number | undefined {
  const sign = text.charCodeAt(at);
  if (sign === LETTER_Z) return at + 1 === text.length ? 0 : undefined;
  const hours = twoDigits(text, at + 1);
  const from = afterColon(text, at + 3);
  const minutes = twoDigits(text, from);
  if ((sign !== PLUS && sign !== HYPHEN) || hours < 0 || minutes < 0 || from + 2 !== text.length) return undefined;
  return (hours * 60 + minutes) * (sign === HYPHEN ? -1 : 1);
}

/** DICOM DA and TM (PS3.5 section 6.2), the old form yyyy.MM.dd included; the time may be absent. */
export function parseDicomTimestamp(date: string, time: string): Timestamp | undefined {
  const day = date.replaceAll('.', '-');
  return parseTimestamp(time === '' ? day : `${day} ${time}`) ?? parseTimestamp(day);
}

/** yyyy-MM-dd */
export function cloudDate(at: Timestamp): string {
  return `${at.year}-${two(at.month)}-${two(at.day)}`;
}

/** yyyy-MM-dd HH:mm:ss; a date without a time is sent with 00:00:00. */
export function cloudDateTime(at: Timestamp): string {
  return `${cloudDate(at)} ${two(at.hour)}:${two(at.minute)}:${two(at.second)}`;
}

/** yyyyMMddHHmmss, with the fraction when there is one: ordered as text is. */
export function orderText(at: Timestamp): string {
  const whole = `${at.year}${two(at.month)}${two(at.day)}${two(at.hour)}${two(at.minute)}${two(at.second)}`;
  return at.fraction === '' ? whole : `${whole}.${at.fraction}`;
}

function checked(at: Timestamp): Timestamp | undefined {
  if (at.year < YEAR_MIN || at.year > YEAR_MAX) return undefined;
  if (at.month < 1 || at.month > 12 || at.day < 1 || at.day > daysOfMonth(at.year, at.month)) return undefined;
  if (at.hour > 23 || at.minute > 59) return undefined;
  // PS3.5 allows 60 for a leap second, which the cloud's format does not.
  return at.second === 60 ? { ...at, second: 59 } : at;
}

function daysOfMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}
