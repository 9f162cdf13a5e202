// Failure codes of this part: meaning and remedy.
export const CLOUD_FAILURES = {} as const;
