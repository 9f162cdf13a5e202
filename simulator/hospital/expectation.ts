// What the cloud must end with, worked out from what was sent and accepted, by simple rules and without the bridge's code.
import type { DicomObject } from './dicom-object.ts';
import type { ReportPlan, StudyPlan } from './study-plan.ts';

/** One thing that the bridge said it has. */
export type AcceptedItem =
  | { readonly kind: 'order'; readonly study: StudyPlan }
  | { readonly kind: 'report'; readonly study: StudyPlan; readonly report: ReportPlan }
  | { readonly kind: 'object'; readonly study: StudyPlan; readonly object: DicomObject };

export interface ExpectedStudy {
  readonly studyId: string;
  readonly fields: Readonly<Record<string, string | number>>;
  readonly report: ExpectedReport | null;
}

export interface ExpectedReport {
  readonly status: string;
  readonly findings: string;
  readonly impression: string;
  readonly carriesPdf: boolean;
}

const PDF_CLASS = '1.2.840.10008.5.1.4.1.1.104.1';
const KEY_OBJECT_CLASS = '1.2.840.10008.5.1.4.1.1.88.59';
const REPORT_CLASSES = '1.2.840.10008.5.1.4.1.1.88.';
const PRESENTATION_STATE_CLASSES = '1.2.840.10008.5.1.4.1.1.11.';

const RANK = { P: 1, F: 2, C: 3 } as const;
const CLOUD_STATUS = { P: 'preliminary', F: 'final', C: 'final' } as const;

/** A study without an object is not due, so the cloud has none of it. */
export function expectedStudies(items: readonly AcceptedItem[], reportUpload: boolean): readonly ExpectedStudy[] {
  const byStudy = new Map<StudyPlan, AcceptedItem[]>();
  for (const item of items) byStudy.set(item.study, [...(byStudy.get(item.study) ?? []), item]);
  return [...byStudy].flatMap(([study, all]) => {
    const expected = expectedStudy(study, all, reportUpload);
    return expected === undefined ? [] : [expected];
  });
}

function expectedStudy(
  study: StudyPlan,
  items: readonly AcceptedItem[],
  reportUpload: boolean,
): ExpectedStudy | undefined {
  const objects = items.flatMap((item) => (item.kind === 'object' ? [item.object] : []));
  if (objects.length === 0) return undefined;
  const report = lastReport(items.flatMap((item) => (item.kind === 'report' ? [item.report] : [])));
  const told = items.some((item) => item.kind !== 'object');
  return {
    studyId: study.accessionNumber,
    fields: {
      patientId: study.patient.patientId,
      patientName: shownName(study),
      patientSex: study.patient.sex,
      accessNumber: study.accessionNumber,
      studyUid: study.studyInstanceUid,
      modality: study.procedure.modality,
      status: report === undefined ? 'registered' : CLOUD_STATUS[report.resultStatus],
      ...(told && study.patient.citizenNumber !== null ? { idCardNum: study.patient.citizenNumber } : {}),
      ...(told ? { phoneNum: study.patient.phoneNumber } : {}),
      ...counts(objects, reportUpload && items.some((item) => item.kind === 'report' && item.report.carriesPdf)),
    },
    report:
      report === undefined || !reportUpload
        ? null
        : {
            status: CLOUD_STATUS[report.resultStatus],
            findings: report.findings,
            impression: report.impression,
            carriesPdf: report.carriesPdf,
          },
  };
}

/** Sets, not sums: the same object twice is one object. */
function counts(objects: readonly DicomObject[], reportPdf: boolean): Readonly<Record<string, number>> {
  const classes = new Map(objects.map((object) => [object.sopInstanceUid, object.sopClassUid]));
  const kinds = [...classes.values()].map(countedAs);
  const count = (kind: string) => kinds.filter((one) => one === kind).length;
  return {
    imageCnt: count('image'),
    seriesCnt: new Set(objects.map((object) => object.seriesInstanceUid)).size,
    reportCnt: count('structured report'),
    pdfCnt: count('pdf') + (reportPdf ? 1 : 0),
  };
}

function countedAs(sopClassUid: string): 'image' | 'structured report' | 'pdf' | 'nothing' {
  if (sopClassUid === PDF_CLASS) return 'pdf';
  if (sopClassUid === KEY_OBJECT_CLASS || sopClassUid.startsWith(PRESENTATION_STATE_CLASSES)) return 'nothing';
  return sopClassUid.startsWith(REPORT_CLASSES) ? 'structured report' : 'image';
}

/** By the time of the status, then by its rank; never by arrival. */
function lastReport(reports: readonly ReportPlan[]): ReportPlan | undefined {
  const order = (report: ReportPlan) => `${report.statusChangedAt}${RANK[report.resultStatus]}`;
  return reports.toSorted((one, other) => (order(one) < order(other) ? -1 : 1)).at(-1);
}

/** The ideographic name where there is one, without a space; else the Latin one. */
function shownName(study: StudyPlan): string {
  const { ideographic, latin } = study.patient;
  return ideographic === null ? `${latin.family} ${latin.given}` : `${ideographic.family}${ideographic.given}`;
}
