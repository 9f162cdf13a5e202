// Which associations and presentation contexts are accepted, and with which transfer syntax.
import {
  APPLICATION_CONTEXT,
  type AssociateRequest,
  type ContextResult,
  type ProposedContext,
  type Rejection,
} from '../../codecs/dicom/association-pdus.ts';
import {
  type DataSetEncoding,
  encodingOf,
  IMPLICIT_VR_LITTLE_ENDIAN,
  preferredTransferSyntax,
} from '../../codecs/dicom/transfer-syntax.ts';

export interface AcceptedContext {
  readonly transferSyntaxUid: string;
  readonly encoding: DataSetEncoding;
}

export interface Negotiation {
  readonly results: readonly ContextResult[];
  readonly accepted: ReadonlyMap<number, AcceptedContext>;
}

/** PS3.8 section 9.3.4; the key goes to the metric. */
export const REJECTIONS = {
  malformed: { result: 1, source: 2, reason: 1 },
  protocol_version: { result: 1, source: 2, reason: 2 },
  application_context: { result: 1, source: 1, reason: 2 },
  calling_ae_title: { result: 1, source: 1, reason: 3 },
  called_ae_title: { result: 1, source: 1, reason: 7 },
  associations_max: { result: 2, source: 3, reason: 2 },
  log_ended: { result: 2, source: 3, reason: 1 },
  draining: { result: 2, source: 3, reason: 1 },
} as const satisfies Readonly<Record<string, Rejection>>;

export type RejectionReason = keyof typeof REJECTIONS;

const VERIFICATION = '1.2.840.10008.1.1';
const STANDARD_ROOT = '1.2.840.10008.';
/** Roots of PS3.4 annex B.5 and GG.3, of the retired stored print classes, and of the vendors' drafts among them. */
const STORAGE = [
  /^1\.2\.840\.10008\.5\.1\.4\.1\.1\./,
  /^1\.2\.840\.10008\.5\.1\.1\.(27|29|30)$/,
  /^1\.2\.840\.10008\.5\.1\.4\.34\.(1|7|10)$/,
  /^1\.2\.840\.10008\.5\.1\.4\.(38|39|43|44|45)\.1$/,
  /^1\.2\.840\.10008\.5\.1\.4\.1\.9\.1$/,
];

/** What of the request itself speaks against it. */
export function faultOf(request: AssociateRequest): RejectionReason | undefined {
  // Bit 0 is version 1; others are to be ignored (PS3.8 section 9.3.2).
  if ((request.protocolVersion & 1) === 0) return 'protocol_version';
  return request.applicationContext === APPLICATION_CONTEXT ? undefined : 'application_context';
}

export function negotiate(contexts: readonly ProposedContext[]): Negotiation {
  const accepted = new Map<number, AcceptedContext>();
  const results = contexts.map((context): ContextResult => {
    // A refused context's transfer syntax is not looked at (PS3.8 section 9.3.3.2), but has to be there.
    if (!isTaken(context.abstractSyntax)) {
      return { id: context.id, result: 3, transferSyntax: context.transferSyntaxes[0] ?? IMPLICIT_VR_LITTLE_ENDIAN };
    }
    const transferSyntax = preferredTransferSyntax(context.transferSyntaxes);
    if (transferSyntax === undefined) return { id: context.id, result: 4, transferSyntax: IMPLICIT_VR_LITTLE_ENDIAN };
    accepted.set(context.id, { transferSyntaxUid: transferSyntax, encoding: encodingOf(transferSyntax) });
    return { id: context.id, result: 0, transferSyntax };
  });
  return { results, accepted };
}

/** Verification, every storage class of the standard, and every private class: a tap asks nothing of the content. */
function isTaken(abstractSyntax: string): boolean {
  if (abstractSyntax === '') return false;
  if (abstractSyntax === VERIFICATION) return true;
  return !abstractSyntax.startsWith(STANDARD_ROOT) || STORAGE.some((pattern) => pattern.test(abstractSyntax));
}
