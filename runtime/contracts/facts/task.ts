// Facts of this part. See `telemetry.ts` for what a declaration means.
export const TASK_FACTS = {} as const;
