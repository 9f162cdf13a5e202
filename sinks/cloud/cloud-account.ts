// Where the cloud of a site is, who the site is there, and how much may be under way at once.
import { strict as assert } from 'node:assert';
import type { ReportPayload } from '../../schemas/cloud-payloads.ts';

export interface CloudAccount {
  /** Base address; the path of a call is appended. Without TLS on loopback only. */
  readonly url: string;
  readonly appId: string;
  /** Secret. Read at each attempt, so that a getter can rotate it. */
  readonly token: string;
  /** One whole attempt: connecting, sending, waiting, reading. */
  readonly timeoutMs: number;
  readonly inFlightMax: number;
  /** Certificate authorities to trust, PEM; the system's when absent. */
  readonly ca?: string | undefined;
  /** SHA-256 of the cloud's certificate, hex with or without colons. */
  readonly fingerprint256?: string | undefined;
  /** Provisional: no document states the call. Absent: reports are not sent. */
  readonly reportPath?: string | undefined;
  /** Provisional: no document states the call. Absent: withdrawals are left to a person. */
  readonly deletePath?: string | undefined;
  /** Provisional names on the wire, where they differ from ours. */
  readonly reportFields?: ReportFieldNames | undefined;
}

/** `pdfBase64` is the document itself; an empty name leaves a field out. */
export type ReportFieldNames = Readonly<Partial<Record<keyof ReportPayload | 'pdfBase64', string>>>;

/** Configuration has checked this already; a signed patient's record must not go over an open network whoever builds the account. */
export function assertSafeAccount(account: CloudAccount): void {
  const { protocol, hostname } = new URL(account.url);
  assert(protocol === 'https:' || protocol === 'http:', 'a cloud is reached by https');
  assert(protocol === 'https:' || isLoopback(hostname), 'a cloud without TLS is reached on loopback only');
  assert(account.timeoutMs > 0 && account.inFlightMax > 0, 'an account has a time-out and room for an attempt');
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}
