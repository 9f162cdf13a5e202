// The body of a study's request, byte for byte the same for the same content.
import { CLASS_A_FIELDS, type CloudStudyStatus, type StudyField } from '../../schemas/cloud-payloads.ts';
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

/**
 * JSON with the fields in the order of `StudyPayload`. Mapping version and revision stand in the record, never here.
 * Written piece by piece: an object of fifty names that come and go costs several times as much.
 */
export function studyBody(content: StudyContent, settings: AssemblySettings): string {
  let text = '';
  for (const [field, name] of NAMES) {
    const value = fieldValue(field, content, settings);
    if (value !== undefined) text += `${text === '' ? '{' : ','}${name}${JSON.stringify(value)}`;
  }
  return `${text}}`;
}

const NAMES = STUDY_FIELDS.map((field) => [field, `${JSON.stringify(field)}:`] as const);

function fieldValue(field: StudyField, content: StudyContent, settings: AssemblySettings): string | number | undefined {
  const { series, seriesWithImages, counts } = content.images;
  switch (field) {
    case 'studyId':
      return content.cloudStudyId;
    case 'accessNumber':
      return content.accessNumber;
    case 'status':
      return content.status;
    case 'studyUid':
      return content.studyInstanceUid;
    case 'imageCnt':
      return settings.imageCountHoldsReports
        ? counts.images + counts.structuredReports + counts.doseReports + counts.pdfs
        : counts.images;
    case 'seriesCnt':
      return settings.seriesCount === 'all' ? series : seriesWithImages;
    case 'reportCnt':
      return counts.structuredReports + (settings.doseReportsCount ? counts.doseReports : 0);
    case 'pdfCnt':
      return counts.pdfs + content.reportPdfs;
    default:
      return content.fields[field];
  }
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
