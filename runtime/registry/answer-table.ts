// What an answer of the schema registry means, by its HTTP status.
import type { FailureCode } from '../../schemas/failure-codes.ts';

export interface AnswerRow {
  readonly from: number;
  readonly to: number;
  /** absent: when the body is a registry's, else refused. */
  readonly meaning: 'answered' | 'absent' | 'heals' | 'refused';
  readonly code: FailureCode;
  readonly reason: string;
}

/** The first row that holds the status. Source: Confluent Schema Registry API Reference, "Error codes". */
export const ANSWER_ROWS: readonly AnswerRow[] = [
  row(200, 299, 'answered', 'registry.refused', 'the request was done'),
  row(300, 399, 'refused', 'registry.refused', 'redirects are not followed: the password would go to another server'),
  row(401, 401, 'refused', 'registry.unauthorized', 'user or password are wrong or missing'),
  row(403, 403, 'refused', 'registry.unauthorized', 'the user lacks the right'),
  // 40401 subject, 40402 version, 40403 schema; a 404 without such a code comes from something else at this address.
  row(404, 404, 'absent', 'registry.refused', 'there is no schema registry at this path'),
  row(408, 408, 'heals', 'registry.unreachable', 'something in between timed out'),
  row(409, 409, 'refused', 'registry.incompatible', 'the subject’s compatibility rule forbids the schema'),
  row(425, 425, 'heals', 'registry.unreachable', 'something in between asks for another try'),
  row(429, 429, 'heals', 'registry.unreachable', 'too many requests'),
  row(400, 499, 'refused', 'registry.refused', 'the request is refused'),
  // 50001 store, 50002 timed out, 50003 no leader: all pass with the registry's trouble.
  row(500, 599, 'heals', 'registry.unreachable', 'the registry is in trouble'),
  row(0, 999, 'refused', 'registry.refused', 'no answer of a schema registry'),
];

function row(from: number, to: number, meaning: AnswerRow['meaning'], code: FailureCode, reason: string): AnswerRow {
  return { from, to, meaning, code, reason };
}
