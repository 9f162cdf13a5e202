// Failure codes of this part: meaning and remedy.
export const AVRO_FAILURES = {
  'avro.undecodable': {
    meaning: 'The bytes of a record are not what its schema says.',
    remedy: 'Find who else writes to this topic; the bytes are in dead.letters.',
  },
  'avro.unknown_schema': {
    meaning: 'The record was written with a schema this version does not know.',
    remedy: 'Upgrade this process, or find who else writes to this topic.',
  },
} as const;
