// Verifies the three headers that sign a call: appId, timestamp, signature.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type CloudAnswer, refusal } from './cloud-answer.ts';

export interface SignatureRules {
  /** Token of each application id. */
  readonly accounts: ReadonlyMap<string, string>;
  readonly clockSkewMaxMs: number;
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Undefined when the call is signed rightly; else 90001 (who calls is unknown) or 90002 (the signature). */
export function refuseSignature(headers: Headers, rules: SignatureRules, nowMs: number): CloudAnswer | undefined {
  const appId = headers['appid'];
  const timestamp = headers['timestamp'];
  const signature = headers['signature'];
  if (typeof appId !== 'string' || appId === '') return refusal(90001, 'header appId is missing');
  if (typeof timestamp !== 'string' || !/^\d{1,15}$/.test(timestamp)) {
    return refusal(90002, 'header timestamp is not a decimal number of milliseconds');
  }
  if (typeof signature !== 'string' || !/^[0-9a-f]{64}$/.test(signature)) {
    return refusal(90002, 'header signature is not 64 lower-case hexadecimal digits');
  }
  const token = rules.accounts.get(appId);
  if (token === undefined) return refusal(90001, 'no account has this appId');
  const expected = createHmac('sha256', token).update(`${appId}${timestamp}`, 'utf8').digest();
  if (!timingSafeEqual(expected, Buffer.from(signature, 'hex'))) return refusal(90002, 'the signature is not right');
  if (Math.abs(nowMs - Number(timestamp)) > rules.clockSkewMaxMs) {
    return refusal(90002, 'the timestamp is too far from the time here');
  }
  return undefined;
}
