// Failure codes of this part: meaning and remedy.
export const ASSEMBLY_FAILURES = {} as const;
