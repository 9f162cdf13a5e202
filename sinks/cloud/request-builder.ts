// What goes over the wire for a request: the path, the bytes of the body, and an id that is the same at each attempt.
import { createHash } from 'node:crypto';
import { failed, type Result, succeeded } from '../../schemas/failure.ts';
import type { CloudRequest } from '../../schemas/records.ts';
import type { CloudAccount } from './cloud-account.ts';

/** The documented call. */
const STUDY_PATH = '/ris/study/add';

export interface CloudCall {
  readonly path: string;
  /** Invariant 5: a function of the request and its documents alone, so each attempt has the same bytes. */
  readonly body: Buffer;
}

/** Fails with `cloud.call_not_configured`, `cloud.document_missing` or `cloud.body_unreadable`. */
export function buildCall(
  request: CloudRequest,
  account: CloudAccount,
  documentOf: (hash: string) => Uint8Array | undefined,
): Result<CloudCall> {
  switch (request.kind) {
    case 'study':
      return succeeded({ path: STUDY_PATH, body: Buffer.from(request.body, 'utf8') });
    case 'report':
      return buildReport(request, account, documentOf);
    case 'withdrawal':
      if (account.deletePath === undefined) return notConfigured('withdrawal');
      return succeeded({ path: account.deletePath, body: Buffer.from(request.body, 'utf8') });
  }
}

/**
 * Derived from what the request is, so that a restart finds the same: a UUID of version 8 (RFC 9562, section 5.8) over
 * site, study, kind, report, revision and content.
 */
export function requestIdOf(
  request: Pick<CloudRequest, 'site' | 'studyKey' | 'kind' | 'reportId' | 'revision' | 'contentHash'>,
): string {
  const { site, studyKey, kind, reportId, revision, contentHash } = request;
  const text = [site, studyKey, kind, reportId ?? '', String(revision), contentHash].join('\0');
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function buildReport(
  request: CloudRequest,
  account: CloudAccount,
  documentOf: (hash: string) => Uint8Array | undefined,
): Result<CloudCall> {
  if (account.reportPath === undefined) return notConfigured('report');
  const payload = parseObject(request.body);
  if (payload === undefined) return failed('cloud.body_unreadable', 'the body of a report is no JSON object');
  const names = new Map(Object.entries(account.reportFields ?? {}));
  const wire = new Map<string, unknown>();
  const put = (field: string, value: unknown): void => {
    const name = names.get(field) ?? field;
    if (name !== '') wire.set(name, value);
  };
  for (const [field, value] of Object.entries(payload)) put(field, value);
  for (const hash of request.documentHashes) {
    const content = documentOf(hash);
    if (content === undefined) return failed('cloud.document_missing', 'a document of the report is not here');
    put('pdfBase64', Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('base64'));
  }
  return succeeded({ path: account.reportPath, body: Buffer.from(JSON.stringify(Object.fromEntries(wire)), 'utf8') });
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    // The parser's message quotes the text; that it is no JSON says enough.
    return undefined;
  }
}

function notConfigured(kind: string): Result<CloudCall> {
  return failed('cloud.call_not_configured', `no path is configured for a ${kind}`);
}
