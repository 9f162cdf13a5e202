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
 */
const TIMESTAMP =
  /^(\d{4})(-?)(\d{2})\2(\d{2})(?:[ T]?(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?)?)? ?(?:Z|([+-])(\d{2}):?(\d{2}))?$/;

export function parseTimestamp(text: string): Timestamp | undefined {
  if (text.length < 8 || text.length > TEXT_LENGTH_MAX) return undefined;
  const match = TIMESTAMP.exec(text);
  if (match === null) return undefined;
  const [, year, , month, day, hour = '0', minute = '0', second = '0', fraction = '', sign, hours, minutes] = match;
  const zoned = sign !== undefined ? (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1) : undefined;
  return checked({
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Math.min(Number(second), 60),
    fraction,
    offsetMinutes: text.endsWith('Z') ? 0 : zoned,
  });
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
