// How a transfer syntax encodes the data set, and which of several offered ones is preferred.

export interface DataSetEncoding {
  readonly explicitVr: boolean;
  readonly bigEndian: boolean;
  /** The whole data set is a raw deflate stream (PS3.5 section A.5). */
  readonly deflated: boolean;
}

const EXPLICIT_LITTLE: DataSetEncoding = { explicitVr: true, bigEndian: false, deflated: false };
const IMPLICIT_LITTLE: DataSetEncoding = { explicitVr: false, bigEndian: false, deflated: false };
const EXPLICIT_BIG: DataSetEncoding = { explicitVr: true, bigEndian: true, deflated: false };
const DEFLATED: DataSetEncoding = { explicitVr: true, bigEndian: false, deflated: true };

export const EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
export const IMPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2';

const ENCODINGS: ReadonlyMap<string, DataSetEncoding> = new Map([
  [IMPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_LITTLE],
  [EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_LITTLE],
  ['1.2.840.10008.1.2.2', EXPLICIT_BIG],
  ['1.2.840.10008.1.2.1.99', DEFLATED],
  // JPIP Referenced Deflate and JPIP HTJ2K Referenced Deflate.
  ['1.2.840.10008.1.2.4.95', DEFLATED],
  ['1.2.840.10008.1.2.4.205', DEFLATED],
  // A vendor's private syntax: implicit little endian with big endian pixel data.
  ['1.2.840.113619.5.2', IMPLICIT_LITTLE],
]);

/** Every syntax not named in the table is compressed or private; PS3.5 section A.4 makes those explicit little endian. */
export function encodingOf(transferSyntaxUid: string): DataSetEncoding {
  return ENCODINGS.get(transferSyntaxUid) ?? EXPLICIT_LITTLE;
}

/** Compressed as offered, explicit little endian, deflated, implicit, big endian last; the sender's order breaks ties. */
export function preferredTransferSyntax(offered: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestRank = Number.POSITIVE_INFINITY;
  for (const uid of offered) {
    const rank = rankOf(uid);
    if (rank < bestRank) {
      best = uid;
      bestRank = rank;
    }
  }
  return best;
}

function rankOf(uid: string): number {
  const encoding = ENCODINGS.get(uid);
  if (encoding === undefined) return 0;
  if (encoding.bigEndian) return 4;
  if (!encoding.explicitVr) return 3;
  return encoding.deflated ? 2 : 1;
}
