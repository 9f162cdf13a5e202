// Failure codes of this part: meaning and remedy.
export const DICOM_FAILURES = {
  'dicom.unreadable_data_set': {
    meaning: 'An object ends inside an element, or its elements do not follow one another as its transfer syntax says.',
    remedy: 'Look at the dead letter and at the sending device; the sender has the object and can send it again.',
  },
  'dicom.too_deep': {
    meaning: 'Sequences of undefined length are nested deeper than the limit before the header ends.',
    remedy: 'Look at the sending device; no image nests so deep, so the object is broken or hostile.',
  },
  'dicom.undeflatable': {
    meaning: 'The deflated data set of an object is broken, or its header is larger than the limit once inflated.',
    remedy: 'Have the sender use another transfer syntax, or look at the dead letter.',
  },
  'dicom.missing_uid': {
    meaning: 'An object lacks its SOP Class, SOP Instance, Series Instance or Study Instance UID.',
    remedy: 'Look at the sending device: without these four UIDs no image can be counted.',
  },
  'dicom.invalid_uid': {
    meaning: 'A UID of an object is not made of 1 to 64 digits and dots.',
    remedy: 'Look at the sending device; a UID that breaks the standard is not used as a key.',
  },
  'dicom.sop_class_mismatch': {
    meaning: 'The SOP Class UID of a data set is not the one of the command that carried it.',
    remedy: 'Look at the sending device: which of the two is right cannot be known here.',
  },
  'dicom.sop_instance_mismatch': {
    meaning: 'The SOP Instance UID of a data set is not the one of the command that carried it.',
    remedy: 'Look at the sending device: which of the two is right cannot be known here.',
  },
  'dicom.no_data_set': {
    meaning: 'A C-STORE request says that it carries no data set.',
    remedy: 'Look at the sending device.',
  },
  'dicom.no_site': {
    meaning: 'No rule gives a site for the institution that an object names.',
    remedy: 'Add a rule for this sender or institution to the configuration.',
  },
  'dicom.log_behind': {
    meaning: 'The log did not take an object before the deadline, so the sender was told to send it again.',
    remedy: 'Look at the health of the log; the sender holds the object meanwhile.',
  },
} as const;
