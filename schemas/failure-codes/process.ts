// Failure codes of this part: meaning and remedy.
export const PROCESS_FAILURES = {} as const;
