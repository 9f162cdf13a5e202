// Facts of this part. See `telemetry.ts` for what a declaration means.
export const LOG_FACTS = {} as const;
