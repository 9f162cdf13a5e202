// Failure codes of this part: meaning and remedy.
export const ASSEMBLY_FAILURES = {
  'tally.deletion_without_order': {
    meaning: 'A deletion of an instance does not say where in the order of its source it stands.',
    remedy:
      'Take deletions only from a source with an order of its own, such as a change feed; the count stays as it is.',
  },
  'tally.invalid_uid': {
    meaning: 'An event names its study, series or instance with a text that is no DICOM UID.',
    remedy: 'Find which modality or archive writes such UIDs; the event is in dead.letters and is not counted.',
  },
  'tally.no_value': {
    meaning: 'A record of dicom.instances has no value.',
    remedy: 'Find who else writes to this topic; the bridge never appends such a record.',
  },
  'mapping.invalid_date': {
    meaning: 'A date or time is not one that HL7 or DICOM allows.',
    remedy: 'Have the sending system send yyyyMMdd, with the time of day after it where there is one.',
  },
  'mapping.unknown_code': {
    meaning: 'A coded field holds a code that the mapping does not know.',
    remedy: 'Have the sending system use the standard codes, or add the code to the profile of the site.',
  },
  'mapping.invalid_citizen_number': {
    meaning: 'A citizen number has not 18 characters or fails its check character (ISO 7064 MOD 11-2).',
    remedy: 'Correct the number where the patient is registered; the study goes without it.',
  },
  'mapping.invalid_phone': {
    meaning: 'A telephone field holds no 11 digits beginning with 1.',
    remedy: 'Correct the number where the patient is registered; the study goes without it.',
  },
  'mapping.invalid_measure': {
    meaning: 'A height, weight or age is no number, out of range, or in a unit that is not known.',
    remedy: 'Have the sending system name the unit in OBX-6 (cm, m, g, kg); the study goes without it.',
  },
  'mapping.invalid_uid': {
    meaning: 'A Study Instance UID is not digits and dots of at most 64 characters.',
    remedy:
      'Have the sending system send the UID of the study; until then order and images meet by their other numbers.',
  },
  'mapping.invalid_document': {
    meaning: 'A document named as PDF is not base64, or its bytes do not begin with %PDF-.',
    remedy: 'Look at the report in the sending system; the report goes without the document.',
  },
} as const;
