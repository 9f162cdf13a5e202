// Facts of this part. See `telemetry.ts` for what a declaration means.
export const HL7_FACTS = {} as const;
