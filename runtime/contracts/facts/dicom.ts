// Facts of this part. See `telemetry.ts` for what a declaration means.
export const DICOM_FACTS = {} as const;
