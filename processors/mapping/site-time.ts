// Times that name their offset from UTC, in the site's own zone.
import type { Timestamp } from './timestamp.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Hours whose offset is remembered: messages cluster around the present. */
const HOURS_MAX = 1_000;

interface Zone {
  readonly format: Intl.DateTimeFormat;
  readonly offsetByHour: Map<number, number>;
}

/** Asking Intl costs more than mapping a message; what it said of an hour never changes. One entry a site's zone. */
const zones = new Map<string, Zone>();

/** A time without an offset is the site's already. */
export function inSiteTime(at: Timestamp, timezone: string): Timestamp {
  if (at.offsetMinutes === undefined) return at;
  const utcMs = Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute, at.second) - at.offsetMinutes * MINUTE_MS;
  const offsetMinutes = zoneOffset(timezone, utcMs);
  if (offsetMinutes === at.offsetMinutes) return at;
  const wall = new Date(utcMs + offsetMinutes * MINUTE_MS);
  return {
    year: wall.getUTCFullYear(),
    month: wall.getUTCMonth() + 1,
    day: wall.getUTCDate(),
    hour: wall.getUTCHours(),
    minute: wall.getUTCMinutes(),
    second: wall.getUTCSeconds(),
    fraction: at.fraction,
    offsetMinutes,
  };
}

function zoneOffset(timezone: string, utcMs: number): number {
  let zone = zones.get(timezone);
  if (zone === undefined) {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: timezone, timeZoneName: 'longOffset' });
    zone = { format, offsetByHour: new Map() };
    zones.set(timezone, zone);
  }
  const hour = Math.floor(utcMs / HOUR_MS);
  const known = zone.offsetByHour.get(hour);
  if (known !== undefined) return known;
  const name = zone.format.formatToParts(utcMs).find((part) => part.type === 'timeZoneName')?.value ?? '';
  // GMT+08:00, or GMT alone for none.
  const sign = name.includes('-') ? -1 : 1;
  const offset = sign * (Number(name.slice(4, 6)) * 60 + Number(name.slice(7, 9)));
  if (zone.offsetByHour.size >= HOURS_MAX) zone.offsetByHour.clear();
  zone.offsetByHour.set(hour, offset);
  return offset;
}
