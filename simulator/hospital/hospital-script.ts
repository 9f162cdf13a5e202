// The order in which the hospital sends: orders before or after images, duplicates, reports, then late images and corrections.
import { type DicomObject, dicomObject } from './dicom-object.ts';
import { type Hl7Message, orderMessage, reportMessage } from './hl7-message.ts';
import type { ReportPlan, StudyPlan } from './study-plan.ts';

export type Act =
  | { readonly kind: 'order'; readonly study: StudyPlan; readonly message: Hl7Message }
  | { readonly kind: 'report'; readonly study: StudyPlan; readonly report: ReportPlan; readonly message: Hl7Message }
  | { readonly kind: 'objects'; readonly study: StudyPlan; readonly objects: readonly DicomObject[] }
  /** Goes on when the cloud has these studies. */
  | { readonly kind: 'await delivery'; readonly studies: readonly StudyPlan[] };

/** The first reports come with the images, the others after those of all studies, so that studies mix as they do in life. */
export function writeScript(studies: readonly StudyPlan[]): readonly Act[] {
  const later = studies.filter((study) => study.lateSopInstanceUid !== null || study.reports.some(isCorrection));
  return [
    ...studies.flatMap((study) => [...examination(study), ...reports(study, (_, nth) => nth === 0)]),
    ...studies.flatMap((study) => reports(study, (report, nth) => nth > 0 && !isCorrection(report))),
    ...(later.length > 0 ? [{ kind: 'await delivery' as const, studies: later }] : []),
    ...later.flatMap((study) => [...lateImage(study), ...reports(study, isCorrection)]),
  ];
}

function isCorrection(report: ReportPlan): boolean {
  return report.resultStatus === 'C';
}

function examination(study: StudyPlan): readonly Act[] {
  const objects = objectsOf(study).filter((object) => object.sopInstanceUid !== study.lateSopInstanceUid);
  const repeated = objects.filter((object) => study.repeatedSopInstanceUids.has(object.sopInstanceUid));
  const order: Act = { kind: 'order', study, message: orderMessage(study) };
  const images: Act = { kind: 'objects', study, objects: [...objects, ...repeated] };
  return study.orderAfterImages ? [images, order] : [order, images];
}

function lateImage(study: StudyPlan): readonly Act[] {
  const late = objectsOf(study).filter((object) => object.sopInstanceUid === study.lateSopInstanceUid);
  return late.length > 0 ? [{ kind: 'objects', study, objects: late }] : [];
}

function reports(study: StudyPlan, chosen: (report: ReportPlan, nth: number) => boolean): readonly Act[] {
  return study.reports.flatMap((report, nth) =>
    chosen(report, nth) ? [{ kind: 'report', study, report, message: reportMessage(study, report, nth) }] : [],
  );
}

function objectsOf(study: StudyPlan): readonly DicomObject[] {
  return study.series.flatMap((series) => series.instances.map((instance) => dicomObject(study, series, instance)));
}
