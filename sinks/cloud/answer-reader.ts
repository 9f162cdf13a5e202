// From the end of an attempt to a verdict: which row of the response table it is, and what the answer named.
import { CLASS_A_FIELDS } from '../../schemas/cloud-payloads.ts';
import type { Failure } from '../../schemas/failure.ts';
import type { FailureCode } from '../../schemas/failure-codes.ts';
import { type Course, OTHER_ROWS, type ResponseRow, rowOfCode } from './response-table.ts';

/** How an attempt ended. */
export type AttemptEnd =
  | {
      readonly type: 'answered';
      readonly httpStatus: number;
      readonly retryAfter: string | undefined;
      readonly date: string | undefined;
      /** Undefined: larger than an answer may be. */
      readonly body: string | undefined;
    }
  | {
      readonly type: 'failed';
      readonly row: Exclude<keyof typeof OTHER_ROWS, 'throttled' | 'server_error' | 'unreadable'>;
    };

export interface Verdict {
  readonly course: Course;
  /** null: delivered. */
  readonly kind: Failure['kind'] | null;
  readonly failureCode: FailureCode | null;
  readonly cloudCode: number | null;
  readonly httpStatus: number | null;
  /** As the other side named it, ms from now. */
  readonly retryAfterMs: number | null;
  /** Names of fields of the request that the cloud's message mentions; its text may quote a patient and is not kept. */
  readonly namedFields: readonly string[];
}

export function readEnd(end: AttemptEnd, requestBody: Uint8Array, nowMs: number): Verdict {
  if (end.type === 'failed') return verdictOf(OTHER_ROWS[end.row], null, null);
  const { httpStatus } = end;
  if (httpStatus === 429 || httpStatus === 503) {
    return {
      ...verdictOf(OTHER_ROWS.throttled, null, httpStatus),
      retryAfterMs: readRetryAfterMs(end.retryAfter, nowMs),
    };
  }
  if (httpStatus >= 500) return verdictOf(OTHER_ROWS.server_error, null, httpStatus);
  const answer = readAnswer(end.body);
  const success = httpStatus >= 200 && httpStatus < 300;
  const refusal = httpStatus >= 400 && answer?.code !== 0;
  if (answer === undefined || !(success || refusal)) return verdictOf(OTHER_ROWS.unreadable, null, httpStatus);
  if (answer.code === 0) return { ...DELIVERED, httpStatus };
  const verdict = verdictOf(rowOfCode(answer.code), answer.code, httpStatus);
  return verdict.course === 'park' ? { ...verdict, namedFields: fieldsNamedIn(answer.message, requestBody) } : verdict;
}

/** How far the cloud's clock is ahead of ours, ms; undefined without a usable Date header. */
export function readSkewMs(end: AttemptEnd, nowMs: number): number | undefined {
  if (end.type === 'failed' || end.date === undefined) return undefined;
  const dateMs = Date.parse(end.date);
  return Number.isNaN(dateMs) ? undefined : dateMs - nowMs;
}

const DELIVERED: Verdict = {
  course: 'delivered',
  kind: null,
  failureCode: null,
  cloudCode: 0,
  httpStatus: null,
  retryAfterMs: null,
  namedFields: [],
};

export function verdictOf(row: ResponseRow, cloudCode: number | null, httpStatus: number | null): Verdict {
  const { course, kind, failureCode } = row;
  return { course, kind, failureCode, cloudCode, httpStatus, retryAfterMs: null, namedFields: [] };
}

/** Seconds or a date: RFC 9110, section 10.2.3. */
function readRetryAfterMs(text: string | undefined, nowMs: number): number | null {
  if (text === undefined) return null;
  if (/^\s*\d{1,9}\s*$/.test(text)) return Number(text) * 1_000;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? null : Math.max(0, dateMs - nowMs);
}

function readAnswer(body: string | undefined): { readonly code: number; readonly message: string } | undefined {
  if (body === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // The parser's message quotes the text; an unreadable answer is a row of its own.
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('code' in value)) return undefined;
  const { code } = value;
  if (typeof code !== 'number' || !Number.isSafeInteger(code)) return undefined;
  return { code, message: 'message' in value && typeof value.message === 'string' ? value.message : '' };
}

// Invariant 8: of the cloud's message only the names of our own fields are taken, never its words.
function fieldsNamedIn(message: string, requestBody: Uint8Array): readonly string[] {
  const words = new Set(message.split(/[^A-Za-z]+/));
  return [...new Set([...CLASS_A_FIELDS, ...fieldsOf(requestBody)])].filter((field) => words.has(field));
}

function fieldsOf(body: Uint8Array): readonly string[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
    return typeof value === 'object' && value !== null ? Object.keys(value) : [];
  } catch {
    // Only for the hint in a reason: without it the code still says what is wrong.
    return [];
  }
}
