// The three headers that sign a call to the cloud.
import { createHmac } from 'node:crypto';

export interface SigningHeaders {
  readonly appId: string;
  /** Ms since 1970, decimal. */
  readonly timestamp: string;
  readonly signature: string;
}

/**
 * HMAC-SHA256 with the token as key over appId and timestamp, in lower-case hex. The body is not signed; the timestamp
 * must be fresh, so each attempt is signed anew (invariant 5).
 *
 * Source: vendor's document of 2025-03-07 (international edition V1.0.0), "Signing"; lower-case hex is assumed.
 */
export function signingHeaders(appId: string, token: string, timestampMs: number): SigningHeaders {
  const timestamp = String(Math.trunc(timestampMs));
  const signature = createHmac('sha256', token).update(appId).update(timestamp).digest('hex');
  return { appId, timestamp, signature };
}
