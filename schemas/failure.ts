// Why something could not be done, as a value.
import type { FailureCode } from './failure-codes.ts';

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

/** Why something could not be done. The kind alone decides whether to try again. */
export interface Failure {
  /** transient: it did not happen. ambiguous: it may have happened. permanent: it never will. */
  readonly kind: 'transient' | 'ambiguous' | 'permanent';
  /** From the registry in `failure-codes.ts`; `studybridge explain CODE` prints its meaning and remedy. */
  readonly code: FailureCode;
  /** A plain sentence. Carries no data of a patient (invariant 8). */
  readonly message: string;
  /** Earliest useful retry, ms from now, when the other side named one. */
  readonly retryAfterMs?: number;
}

export function succeeded<T>(value: T): Result<T> {
  return { ok: true, value };
}

/** The data is wrong: it never will be usable. */
export function failed(code: FailureCode, message: string): { readonly ok: false; readonly failure: Failure } {
  return { ok: false, failure: { kind: 'permanent', code, message } };
}

/** Ends a `switch` over a union: reaching it is a fault of the program. */
export function assertNever(value: never): never {
  throw new TypeError(`not a member of the union: ${typeof value}`);
}
