/**
 * What is said over the control socket: one request a connection, as one JSON line; then answers, one JSON line each.
 *
 *   → {"command":"inspect","topic":"studies","limit":10}
 *   ← {"item":…}            as many as there are
 *   ← {"end":true}          or {"error":"CODE"}
 *
 * A connection that ends without the last line was cut off. Both sides are the same version of this program.
 */
import type { TopicName } from '../../schemas/records.ts';

export type ControlRequest =
  | { readonly command: 'ports' }
  | { readonly command: 'status' }
  | ({ readonly command: 'inspect' } & InspectRequest);

export interface InspectRequest {
  readonly topic: TopicName;
  /** First offset, in decimal. */
  readonly from?: string;
  readonly limit?: number;
  readonly follow?: boolean;
  readonly reveal?: boolean;
}

export type ControlAnswer = { readonly item: unknown } | { readonly end: true } | { readonly error: string };

export const REQUEST_BYTES_MAX = 64 * 1024;
