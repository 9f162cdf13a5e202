// A request to the cloud before it has its place in the study's revisions.
import { hash } from 'node:crypto';
import type { WithdrawalPayload } from '../../schemas/cloud-payloads.ts';
import type { CloudRequestKind } from '../../schemas/records.ts';

export interface PlannedRequest {
  readonly kind: CloudRequestKind;
  readonly reportId: string | null;
  readonly body: string;
  readonly contentHash: string;
  readonly documentHashes: readonly string[];
}

export function withdrawal(payload: WithdrawalPayload): PlannedRequest {
  const body = JSON.stringify(payload);
  return {
    kind: 'withdrawal',
    reportId: payload.reportId ?? null,
    body,
    contentHash: hashOf(body),
    documentHashes: [],
  };
}

export function hashOf(body: string): string {
  return hash('sha256', body, 'hex');
}
