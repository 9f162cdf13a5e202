// A record as JSON, patient data masked: what may be shown is an allow-list of field names (invariant 8).

/** Ids, codes, counts, sizes, times of our own, and names of systems. Any other field of a record is masked. */
const SHOWN = new Set([
  'site',
  'source',
  'receivedAtMs',
  'sourceAddress',
  'disposition',
  'ignoredReason',
  'messageType',
  'controlId',
  'sendingApplication',
  'sendingFacility',
  'versionId',
  'declared',
  'where',
  'used',
  'contradicted',
  'byteOrderMark',
  'flagged',
  'accessionNumber',
  'accessionNumbers',
  'placerOrderNumbers',
  'fillerOrderNumbers',
  'studyInstanceUid',
  'studyInstanceUids',
  'seriesInstanceUid',
  'sopInstanceUid',
  'sopClassUid',
  'transferSyntaxUid',
  'event',
  'via',
  'sourceOrder',
  'callingAeTitle',
  'modality',
  'instanceNumber',
  'seriesNumber',
  'revision',
  'imagesRevision',
  'mappingVersion',
  'firstEventAtMs',
  'lastEventAtMs',
  'updatedAtMs',
  'createdAtMs',
  'occurredAtMs',
  'originAtMs',
  'firstAttemptAtMs',
  'lastAttemptAtMs',
  'nextAttemptAtMs',
  'settledAtMs',
  'images',
  'structuredReports',
  'doseReports',
  'pdfs',
  'keyObjects',
  'presentationStates',
  'studyKey',
  'state',
  'missing',
  'cloudStudyId',
  'field',
  'code',
  'reportId',
  'status',
  'version',
  'causes',
  'kind',
  'documentHashes',
  'contentHash',
  'hash',
  'mediaType',
  'requestId',
  'outcome',
  'failureCode',
  'cloudCode',
  'httpStatus',
  'attempts',
  'stage',
  'reason',
  'topic',
  'partition',
  'offset',
  'key',
]);

export const MASK = '***';

/** Bytes become base64, or the mask. `reveal` shows everything. */
export function recordJson(value: unknown, reveal: boolean): unknown {
  return shown('', value, reveal);
}

function shown(name: string, value: unknown, reveal: boolean): unknown {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) {
    return reveal ? Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64') : MASK;
  }
  if (Array.isArray(value)) return value.map((member) => shown(name, member, reveal));
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, shown(field, inner, reveal)]));
  }
  if (reveal || SHOWN.has(name)) return typeof value === 'bigint' ? value.toString() : value;
  return MASK;
}
