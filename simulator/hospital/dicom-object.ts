// The objects of a study as data sets: images with a few hundred bytes of pixels, a structured report, a PDF, and the like.
import { type DicomElement, writeDataSet } from './dicom-data-set.ts';
import type { InventedPatient } from './invented-patient.ts';
import type { Charset, InstancePlan, SeriesPlan, StudyPlan } from './study-plan.ts';
import { reportPdf } from './synthetic-pdf.ts';

/** One object as it is sent, with the identifiers under which it counts. */
export interface DicomObject {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly studyInstanceUid: string;
  readonly elements: readonly DicomElement[];
  readonly charset: Charset;
}

const ROWS = 16;
const COLUMNS = 16;

export function dicomObject(study: StudyPlan, series: SeriesPlan, instance: InstancePlan): DicomObject {
  const elements = [
    ...common(study, series, instance),
    ...content(study, series, instance),
    ...acquisition(study, series),
  ];
  return {
    sopClassUid: series.sopClassUid,
    sopInstanceUid: instance.sopInstanceUid,
    seriesInstanceUid: series.seriesInstanceUid,
    studyInstanceUid: study.studyInstanceUid,
    charset: study.charset,
    elements: elements.toSorted((one, other) => (one.tag < other.tag ? -1 : 1)),
  };
}

export function objectBytes(object: DicomObject, transferSyntaxUid: string): Buffer {
  return writeDataSet(object.elements, object.charset, transferSyntaxUid);
}

function common(study: StudyPlan, series: SeriesPlan, instance: InstancePlan): readonly DicomElement[] {
  const { patient, procedure } = study;
  return [
    { tag: '00080005', vr: 'CS', text: study.charset === 'utf-8' ? 'ISO_IR 192' : 'GB18030' },
    { tag: '00080016', vr: 'UI', text: series.sopClassUid },
    { tag: '00080018', vr: 'UI', text: instance.sopInstanceUid },
    { tag: '00080020', vr: 'DA', text: study.performedAt.slice(0, 8) },
    { tag: '00080030', vr: 'TM', text: study.performedAt.slice(8) },
    { tag: '00080050', vr: 'SH', text: study.accessionMissingIn === 'images' ? '' : study.accessionNumber },
    { tag: '00080060', vr: 'CS', text: series.modality },
    { tag: '00080080', vr: 'LO', text: '示例医院' },
    { tag: '00081030', vr: 'LO', text: procedure.text },
    { tag: '00100010', vr: 'PN', text: personName(patient, study.index) },
    { tag: '00100020', vr: 'LO', text: patient.patientId },
    { tag: '00100030', vr: 'DA', text: patient.birthday },
    { tag: '00100040', vr: 'CS', text: patient.sex },
    { tag: '0020000D', vr: 'UI', text: study.studyInstanceUid },
    { tag: '0020000E', vr: 'UI', text: series.seriesInstanceUid },
    { tag: '00200010', vr: 'SH', text: study.fillerOrderNumber },
    { tag: '00200011', vr: 'IS', text: String(series.number) },
    { tag: '00200013', vr: 'IS', text: String(instance.number) },
  ];
}

function acquisition(study: StudyPlan, series: SeriesPlan): readonly DicomElement[] {
  return series.kind === 'image' ? [{ tag: '00180015', vr: 'CS', text: study.procedure.bodyPartCode }] : [];
}

function content(study: StudyPlan, series: SeriesPlan, instance: InstancePlan): readonly DicomElement[] {
  switch (series.kind) {
    case 'image':
      return pixels(study.index * 31 + series.number * 7 + instance.number);
    case 'pdf':
      return [
        { tag: '00420010', vr: 'ST', text: study.procedure.text },
        { tag: '00420011', vr: 'OB', bytes: reportPdf(study) },
        { tag: '00420012', vr: 'LO', text: 'application/pdf' },
      ];
    case 'structured report':
    case 'key object':
      return [
        { tag: '0040A040', vr: 'CS', text: 'CONTAINER' },
        { tag: '0040A050', vr: 'CS', text: 'SEPARATE' },
        {
          tag: '0040A730',
          vr: 'SQ',
          items: [
            [
              { tag: '0040A010', vr: 'CS', text: 'CONTAINS' },
              { tag: '0040A040', vr: 'CS', text: 'TEXT' },
              { tag: '0040A160', vr: 'UT', text: '结节' },
            ],
          ],
        },
      ];
    case 'presentation state':
      return [{ tag: '00700080', vr: 'CS', text: 'VIEW' }];
  }
}

function pixels(start: number): readonly DicomElement[] {
  const bytes = Uint8Array.from({ length: ROWS * COLUMNS * 2 }, (_, at) =>
    at % 2 === 0 ? (start + at * 5) % 256 : at % 16,
  );
  const words: readonly (readonly [string, number])[] = [
    ['00280002', 1],
    ['00280010', ROWS],
    ['00280011', COLUMNS],
    ['00280100', 16],
    ['00280101', 12],
    ['00280102', 11],
    ['00280103', 0],
  ];
  return [
    ...words.map(([tag, number]): DicomElement => ({ tag, vr: 'US', number })),
    { tag: '00280004', vr: 'CS', text: 'MONOCHROME2' },
    { tag: '7FE00010', vr: 'OW', bytes },
  ];
}

/** Groups of PS3.5 section 6.2.1.1: Latin=ideographic; some equipment puts the ideographic name first and alone. */
function personName(patient: InventedPatient, index: number): string {
  const latin = `${patient.latin.family}^${patient.latin.given}`;
  if (patient.ideographic === null) return latin;
  const ideographic = `${patient.ideographic.family}^${patient.ideographic.given}`;
  return index % 4 === 1 ? ideographic : `${latin}=${ideographic}`;
}
