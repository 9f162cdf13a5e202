// Facts of this part. See `telemetry.ts` for what a declaration means.
export const CLOUD_FACTS = {} as const;
