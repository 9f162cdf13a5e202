// What a site decides about its studies.

export interface AssemblySettings {
  /** IANA name of the zone the hospital's clocks stand in. */
  readonly timezone: string;
  /** A study is sent when images have come and none has for this time; 0 sends at once. */
  readonly studyQuietMs: number;
  /** What becomes the cloud's studyId; a second study of the same number gets its Study Instance UID. */
  readonly studyId: 'accession' | 'filler' | 'study_uid';
  /** Whether dose reports count as structured reports. */
  readonly doseReportsCount: boolean;
  /** Whether imageCnt counts SR and PDF objects too. */
  readonly imageCountHoldsReports: boolean;
  readonly seriesCount: 'all' | 'with_images';
  /** The path of the report call is configured: reports are delivered, their PDFs kept and counted. */
  readonly reportDelivery: boolean;
  /** The path of the deletion call is configured; otherwise withdrawals are left to a person. */
  readonly withdrawalDelivery: boolean;
}

export const DEFAULT_ASSEMBLY_SETTINGS: AssemblySettings = {
  timezone: 'Asia/Shanghai',
  studyQuietMs: 60_000,
  studyId: 'accession',
  doseReportsCount: true,
  imageCountHoldsReports: false,
  seriesCount: 'all',
  reportDelivery: false,
  withdrawalDelivery: false,
};
