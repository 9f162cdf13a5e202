// What the cloud's answers mean for a delivery, as data: one row a meaning, each with its reason.
import type { Failure } from '../../schemas/failure.ts';
import type { FailureCode } from '../../schemas/failure-codes.ts';

/** What follows from an attempt. */
export type Course =
  | 'delivered'
  /** Again, with growing pauses and without end. */
  | 'retry'
  /** Again every 5 minutes for 24 hours, then parked. */
  | 'retry_slowly'
  /** Delivered if this repeats an ambiguous attempt with the same body, otherwise parked. */
  | 'duplicate'
  /** The study goes first, once; then this again. */
  | 'study_first'
  /** A deletion has nothing left to do; anything else is parked. */
  | 'nothing_found'
  /** The site sends nothing but one probe a minute. */
  | 'stop_site'
  | 'park';

export interface ResponseRow {
  readonly course: Course;
  readonly kind: Failure['kind'];
  readonly failureCode: FailureCode;
  readonly reason: string;
}

interface CodeRow extends ResponseRow {
  readonly codes: readonly number[];
}

/**
 * The integer `code` of an answer with HTTP 2xx or 4xx.
 *
 * Source: vendor's document of 2025-03-07 (international edition V1.0.0), error codes. Codes differ between this
 * vendor's APIs: 30008 means something else in another one, so this table serves the study API alone.
 */
export const CODE_ROWS: readonly CodeRow[] = [
  {
    codes: [1],
    course: 'retry',
    kind: 'ambiguous',
    failureCode: 'cloud.internal_error',
    reason: 'an internal error does not say whether the data were taken before it',
  },
  {
    codes: [100002, 100003, 10001],
    course: 'retry',
    kind: 'ambiguous',
    failureCode: 'cloud.saving_failed',
    reason: 'saving, syncing or file saving failed; what failed to sync may have been saved',
  },
  {
    codes: [10004, 30004],
    course: 'duplicate',
    kind: 'permanent',
    failureCode: 'cloud.duplicate',
    reason: 'duplicate data, report exists: our own earlier attempt arrived, or the update was refused',
  },
  {
    codes: [30002, 30008],
    course: 'study_first',
    kind: 'transient',
    failureCode: 'cloud.study_unknown',
    reason: 'the examination does not exist or is not found: what belongs to it can go only after it',
  },
  {
    codes: [10002, 30005, 30006, 30007, 30010, 30011],
    course: 'retry_slowly',
    kind: 'transient',
    failureCode: 'cloud.locked',
    reason: 'deletion or report change failed, modified, locked: a person at the cloud may have to let go first',
  },
  {
    codes: [100001, 10005, 20030, 20031],
    course: 'park',
    kind: 'permanent',
    failureCode: 'cloud.invalid_data',
    reason: 'parameter, invalid data, format, required missing: the same body will be refused again',
  },
  {
    codes: [90001, 90002, 90003],
    course: 'stop_site',
    kind: 'transient',
    failureCode: 'cloud.not_authenticated',
    reason: 'token, signature, too many attempts: every request of the site would be refused, and each makes it worse',
  },
  {
    codes: [20008],
    course: 'stop_site',
    kind: 'transient',
    failureCode: 'cloud.no_permission',
    reason: 'the user has no permission: every request of the site would be refused',
  },
  {
    codes: [30009],
    course: 'park',
    kind: 'permanent',
    failureCode: 'cloud.study_forbidden',
    reason: 'no permission for this examination: the others are not concerned',
  },
  {
    codes: [100004, 10003],
    course: 'nothing_found',
    kind: 'permanent',
    failureCode: 'cloud.nothing_found',
    reason: 'no data found: for a deletion the wish is fulfilled, for anything else it is not expected',
  },
];

/** Accounts (2xxxx), reports and items (300xx), meetings, members, knowledge base, and what no document names. */
export const UNEXPECTED_CODE: ResponseRow = {
  course: 'park',
  kind: 'permanent',
  failureCode: 'cloud.unexpected_code',
  reason: 'not expected here: what it means for the data is unknown, so a person decides',
};

/** An answer without a usable code, and ends without an answer. */
export const OTHER_ROWS = {
  throttled: {
    course: 'retry',
    kind: 'transient',
    failureCode: 'cloud.throttled',
    reason: 'HTTP 429 and 503 say that the request was not taken and when to come back',
  },
  server_error: {
    course: 'retry',
    kind: 'ambiguous',
    failureCode: 'cloud.server_error',
    reason: 'HTTP 5xx may come from a proxy whose server has taken the request',
  },
  unreadable: {
    course: 'retry_slowly',
    kind: 'ambiguous',
    failureCode: 'cloud.unreadable_answer',
    reason: 'HTML, broken JSON, a redirect or no integer code: something else than the cloud may have answered',
  },
  unreachable: {
    course: 'retry',
    kind: 'transient',
    failureCode: 'cloud.unreachable',
    reason: 'refused, or ended before the first byte was sent: nothing can have arrived',
  },
  certificate: {
    course: 'retry',
    kind: 'transient',
    failureCode: 'cloud.certificate_refused',
    reason: 'the other end is not proven to be the cloud, so nothing was sent',
  },
  connection_lost: {
    course: 'retry',
    kind: 'ambiguous',
    failureCode: 'cloud.connection_lost',
    reason: 'ended after the first byte was sent: the request may have arrived whole',
  },
  timed_out: {
    course: 'retry',
    kind: 'ambiguous',
    failureCode: 'cloud.timed_out',
    reason: 'no whole answer in time: the request may have arrived, or arrive yet',
  },
  not_sent: {
    course: 'retry',
    kind: 'transient',
    failureCode: 'cloud.not_sent',
    reason: 'the time of the attempt was over before the first byte was sent',
  },
  abandoned: {
    course: 'retry',
    kind: 'ambiguous',
    failureCode: 'cloud.attempt_abandoned',
    reason: 'this side closed the connection after the first byte was sent',
  },
  unsettled: {
    course: 'retry',
    kind: 'ambiguous',
    failureCode: 'cloud.attempt_unsettled',
    reason: 'the process that made the attempt ended before it could say how it went',
  },
} as const satisfies Readonly<Record<string, ResponseRow>>;

const ROW_OF_CODE: ReadonlyMap<number, ResponseRow> = new Map(
  CODE_ROWS.flatMap((row) => row.codes.map((code) => [code, row] as const)),
);

/** The row of a code other than 0. */
export function rowOfCode(code: number): ResponseRow {
  return ROW_OF_CODE.get(code) ?? UNEXPECTED_CODE;
}
