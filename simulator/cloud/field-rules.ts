// What a field of a body must look like, and the check of a body against a table of such rules.
import type { JsonObject } from '../json-value.ts';
import { type CloudAnswer, refusal } from './cloud-answer.ts';

export interface FieldRule {
  readonly type: 'string' | 'count';
  readonly required?: boolean;
  readonly format?: { readonly says: string; readonly accepts: (text: string) => boolean };
}

export const TEXT: FieldRule = { type: 'string' };
export const REQUIRED_TEXT: FieldRule = { type: 'string', required: true };
export const COUNT: FieldRule = { type: 'count' };

/** The vendor states no length; no field of an examination needs more. */
const TEXT_CHARACTERS_MAX = 65_536;

/** Undefined when the body keeps all rules; else 100001 (unknown field, type), 20031 (missing) or 20030 (format). */
export function refuseFields(body: JsonObject, rules: ReadonlyMap<string, FieldRule>): CloudAnswer | undefined {
  for (const name of Object.keys(body)) {
    if (!rules.has(name)) return refusal(100001, `unknown field ${JSON.stringify(name.slice(0, 64))}`);
  }
  for (const [name, rule] of rules) {
    const refused = refuseField(name, Object.hasOwn(body, name) ? body[name] : undefined, rule);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

function refuseField(name: string, value: unknown, rule: FieldRule): CloudAnswer | undefined {
  if (value === undefined) return rule.required ? refusal(20031, `field ${name} is missing`) : undefined;
  if (rule.type === 'count') {
    if (typeof value !== 'number') return refusal(100001, `field ${name} is not a number`);
    return Number.isSafeInteger(value) && value >= 0
      ? undefined
      : refusal(20030, `field ${name} is not a non-negative integer`);
  }
  if (typeof value !== 'string') return refusal(100001, `field ${name} is not a string`);
  if (value.trim() === '') {
    return refusal(rule.required ? 20031 : 20030, `field ${name} is empty; a field without a value is left out`);
  }
  if (value.length > TEXT_CHARACTERS_MAX) return refusal(20030, `field ${name} is too long`);
  if (rule.format !== undefined && !rule.format.accepts(value)) {
    return refusal(20030, `field ${name} is not ${rule.format.says}`);
  }
  return undefined;
}

export function oneOf(...members: readonly string[]): FieldRule {
  return {
    type: 'string',
    format: { says: `one of ${members.join(', ')}`, accepts: (text) => members.includes(text) },
  };
}

export function matching(pattern: RegExp, says: string): FieldRule {
  return { type: 'string', format: { says, accepts: (text) => pattern.test(text) } };
}

export const DATE: FieldRule = { type: 'string', format: { says: 'a date yyyy-MM-dd', accepts: isDate } };
export const DATE_TIME: FieldRule = {
  type: 'string',
  format: { says: 'a time yyyy-MM-dd HH:mm:ss', accepts: isDateTime },
};
export const DATE_OR_TIME: FieldRule = {
  type: 'string',
  format: {
    says: 'a date yyyy-MM-dd or a time yyyy-MM-dd HH:mm:ss',
    accepts: (text) => isDate(text) || isDateTime(text),
  },
};

function isDateTime(text: string): boolean {
  return isDate(text.slice(0, 10)) && /^ ([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/.test(text.slice(10));
}

/** In the calendar: 2026-02-30 is none. */
function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(time) && new Date(time).toISOString().slice(0, 10) === text;
}
