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
  'assembly.no_value': {
    meaning: 'A record of an input of the assembly has no value.',
    remedy: 'Find who else writes to this topic; the bridge never appends such a record.',
  },
  'assembly.unknown_site': {
    meaning: 'A record belongs to a site that the configuration does not know.',
    remedy: 'Put the site back into the configuration and replay the dead letter.',
  },
  'assembly.invalid_uid': {
    meaning: 'A snapshot of images names its study with a text that is no DICOM UID.',
    remedy: 'Find who else writes to this topic; the tally refuses such studies.',
  },
  'assembly.nothing_usable': {
    meaning: 'A message of a type that is used holds no order and no report.',
    remedy: 'Look at the message in dead.letters; it has no ORC or OBR segment.',
  },
  'assembly.no_identifier': {
    meaning: 'No order or report of the message has an accession, placer or filler number or a Study Instance UID.',
    remedy: 'Have the sending system fill OBR-18, OBR-2 or OBR-3; such a message cannot be put to any study.',
  },
  'assembly.group_without_identifier': {
    meaning: 'Another order or report of the same message has no number to tell it by and was left out.',
    remedy: 'Have the sending system fill OBR-18, OBR-2 or OBR-3 in every group.',
  },
  'assembly.dossier_full': {
    meaning: 'So many orders, reports or studies share an identifier that one more is not believed.',
    remedy:
      'Find the identifier that the sending system repeats, such as a placer number 0, and leave it out by a site profile.',
  },
  'assembly.accession_conflict': {
    meaning: 'An order names a Study Instance UID whose images carry another accession number.',
    remedy: 'Compare order and worklist in the RIS; the order is followed, since it names the UID.',
  },
  'assembly.ambiguous_placer': {
    meaning:
      'A placer number covers several examinations, so that what names it alone is put to none of them for certain.',
    remedy: 'Have results and cancellations carry the accession or filler number too.',
  },
  'assembly.report_refused': {
    meaning: 'A result says that its system knows no such order or patient (OBR-25 Y or Z).',
    remedy: 'Look in the reporting system; the message brings neither a report nor a status.',
  },
  'assembly.report_text_too_long': {
    meaning: 'The text of a report is longer than one million characters and goes without its findings and impression.',
    remedy: 'Look at the message; an embedded file was probably sent as text.',
  },
  'assembly.several_documents': {
    meaning: 'A report holds several PDFs; the first is delivered with it, the others stand in documents.',
    remedy: 'Have the reporting system send one PDF a report.',
  },
  'assembly.many_versions': {
    meaning: 'A report has had so many versions that the oldest are only counted.',
    remedy: 'None: the last version is what counts.',
  },
} as const;
