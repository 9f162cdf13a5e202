// A patient's age on the day of the study, as the cloud wants it.
import { parseTimestamp, type Timestamp } from './timestamp.ts';

export interface Age {
  readonly age: string;
  readonly unit: 'Y' | 'M' | 'D';
}

const DAY_MS = 86_400_000;
const DAYS_MAX = 30;
const MONTHS_MAX = 24;
const YEARS_MAX = 150;

/** Under 30 days in days, under 24 months in months, else in years; undefined when the birthday is later, or absurdly early. */
export function ageAt(birthday: Timestamp, day: Timestamp): Age | undefined {
  const days = (midnightMs(day) - midnightMs(birthday)) / DAY_MS;
  if (days < 0) return undefined;
  if (days < DAYS_MAX) return { age: String(days), unit: 'D' };
  const months = (day.year - birthday.year) * 12 + day.month - birthday.month - (day.day < birthday.day ? 1 : 0);
  if (months < MONTHS_MAX) return { age: String(months), unit: 'M' };
  const years = Math.floor(months / 12);
  return years > YEARS_MAX ? undefined : { age: String(years), unit: 'Y' };
}

/** From the cloud's own fields: for a birthday and a study date that came from different sources. */
export function ageBetween(patientBirthday: string, studyDate: string): Age | undefined {
  const birthday = parseTimestamp(patientBirthday);
  const day = parseTimestamp(studyDate);
  return birthday === undefined || day === undefined ? undefined : ageAt(birthday, day);
}

/** DICOM AS (PS3.5 section 6.2): 027Y; the cloud knows no weeks. */
export function dicomAge(text: string): Age | undefined {
  const match = /^(\d{1,3})([DWMY])$/.exec(text.toUpperCase());
  if (match === null) return undefined;
  const count = Number(match[1]);
  switch (match[2]) {
    case 'W':
      return { age: String(count * 7), unit: 'D' };
    case 'D':
      return { age: String(count), unit: 'D' };
    case 'M':
      return { age: String(count), unit: 'M' };
    default:
      return { age: String(count), unit: 'Y' };
  }
}

function midnightMs(at: Timestamp): number {
  return Date.UTC(at.year, at.month - 1, at.day);
}
