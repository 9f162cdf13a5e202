// The body of a study's request, byte for byte the same for the same content.
import {
  CLASS_A_FIELDS,
  type CloudStudyStatus,
  type StudyField,
  type StudyPayload,
} from '../../schemas/cloud-payloads.ts';
import type { AssemblySettings } from './assembly-settings.ts';
import type { ImagesSummary } from './dossier.ts';
import { STUDY_FIELDS } from './field-sources.ts';
import type { StudyFields } from './study-fields.ts';

export interface StudyContent {
  readonly fields: StudyFields;
  readonly cloudStudyId: string;
  readonly accessNumber: string;
  readonly studyInstanceUid: string;
  readonly status: CloudStudyStatus;
  readonly images: ImagesSummary;
  /** PDFs of reports that are delivered. */
  readonly reportPdfs: number;
}

/** JSON with the fields in the order of `StudyPayload`. Mapping version and revision stand in the record, never here. */
export function studyBody(content: StudyContent, settings: AssemblySettings): string {
  const { fields, images, reportPdfs } = content;
  const { counts } = images;
  const reports = counts.structuredReports + (settings.doseReportsCount ? counts.doseReports : 0);
  const documents = counts.structuredReports + counts.doseReports + counts.pdfs;
  const assembled: Partial<Record<StudyField, string | number>> = {
    ...fields,
    studyId: content.cloudStudyId,
    accessNumber: content.accessNumber,
    status: content.status,
    studyUid: content.studyInstanceUid,
    imageCnt: counts.images + (settings.imageCountHoldsReports ? documents : 0),
    seriesCnt: settings.seriesCount === 'all' ? images.series : images.seriesWithImages,
    reportCnt: reports,
    pdfCnt: counts.pdfs + reportPdfs,
  };
  const body: Partial<Record<StudyField, string | number>> = {};
  for (const field of STUDY_FIELDS) {
    const value = assembled[field];
    if (value !== undefined) body[field] = value;
  }
  return JSON.stringify(body satisfies Partial<Record<keyof StudyPayload, string | number>>);
}

/** Class A fields that no source has brought. studyId follows from accessNumber. */
export function missingFields(fields: StudyFields, accession: string | undefined): readonly StudyField[] {
  return CLASS_A_FIELDS.filter((field) => {
    switch (field) {
      case 'studyId':
        return false;
      case 'accessNumber':
        return accession === undefined;
      default:
        return fields[field] === undefined;
    }
  });
}
