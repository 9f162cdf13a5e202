// Facts of this part. See `telemetry.ts` for what a declaration means.
export const PROCESS_FACTS = {} as const;
