// Failure codes of this part: meaning and remedy.
export const DICOM_FAILURES = {} as const;
