/**
 * Which source is asked first for each field of a study.
 *
 * The general rule: HL7 order before report before DICOM for people and departments, DICOM before HL7 for what was
 * really made. The rows stand in the order of the body, so that the same content is the same bytes.
 */
import type { StudyField, StudyPayload } from '../../schemas/cloud-payloads.ts';
import type { MappedFields } from '../mapping/mapped-message.ts';

export type FieldSource = 'order' | 'report' | 'images';

export interface FieldRule {
  /** First to last; empty: the assembly itself knows it. */
  readonly sources: readonly FieldSource[];
  readonly because: string;
}

export type MappedField = keyof MappedFields;

const person = (because: string): FieldRule => ({ sources: ['order', 'report', 'images'], because });
const made = (because: string): FieldRule => ({ sources: ['images', 'order', 'report'], because });
const assembled = (because: string): FieldRule => ({ sources: [], because });

export const FIELD_SOURCES: { readonly [Field in keyof Required<StudyPayload>]: FieldRule } = {
  patientId: person('registration knows the patient; a modality repeats its worklist, or what was typed in'),
  patientName: person('registration holds the ideographic name; images often hold a romanised one'),
  patientSex: person('registration knows the patient'),
  studyId: assembled('fixed when first requested'),
  accessNumber: assembled('by the rule of `fact-links.ts`'),
  modality: made('the device that made the images, not the one that was asked for'),
  patientAge: person('worked out from birthday and study date where both are known; else as a source gives it'),
  patientAgeUnit: person('belongs to patientAge and comes from the same source'),
  patientBirthday: person('registration knows the patient'),
  size: person('a measured value of the order or report; images repeat what was typed at the device'),
  weight: person('as size'),
  phoneNum: person('registration knows the patient'),
  medicalInsuranceNum: person('only HL7 has it'),
  idCardNum: person('only HL7 has it'),
  hkAndMarcoPermitNum: person('only HL7 has it'),
  hkAndMacauPermitNum: person('only HL7 has it'),
  passportNum: person('only HL7 has it'),
  otherInfo: person('only HL7 has it'),
  bodyPart: made('what was examined, not what was asked for'),
  studyDesc: made('the protocol that was carried out; the table gives it one row with bodyPart and scanMode'),
  studyDate: made('when images were made; OBR-7 of an order is often the time of the request'),
  scanMode: made('how the images were made'),
  studyCategory: { sources: ['order', 'report'], because: 'class and priority stand in HL7 only' },
  applyDept: person('a department'),
  applyDoctor: person('a person'),
  applyDeptId: person('a department'),
  applyDoctorId: person('a person'),
  hisNum: person('the placer knows its own number; DICOM repeats an admission id'),
  examDept: person('a department'),
  examDoctor: person('a person'),
  examDeptId: person('a department'),
  examDoctorId: person('a person'),
  status: assembled('of the reports; registered until there is one'),
  studyUid: assembled('of the images'),
  imageCnt: assembled('of the images'),
  seriesCnt: assembled('of the images'),
  reportCnt: assembled('of the images'),
  pdfCnt: assembled('of the images, and of the reports where they are delivered'),
  homeAddress: person('registration knows the patient'),
  appointDate: { sources: ['order', 'report'], because: 'stands in HL7 only' },
  clinicNum: person('registration knows the visit'),
  inpatientNum: person('registration knows the visit'),
  healthScreenNum: person('registration knows the visit'),
  examInfo: made('exposures and dose are of the device'),
  inpatientWard: person('registration knows the visit'),
  bedNum: person('registration knows the visit'),
  diagnosis: { sources: ['order', 'images'], because: 'of orders only: a report repeats or restates it' },
  symptom: { sources: ['order'], because: 'of orders only' },
  allergies: { sources: ['order', 'images'], because: 'of orders only among HL7 messages' },
  studyRequirement: { sources: ['order'], because: 'of orders only' },
  equipment: made('the device itself'),
};

/** In the order of the body. */
export const STUDY_FIELDS: readonly StudyField[] = namesOf(FIELD_SOURCES);

/** The fields that a source can bring. */
export const MAPPED_FIELDS: readonly MappedField[] = STUDY_FIELDS.filter(
  (field): field is MappedField =>
    field !== 'studyId' && field !== 'imageCnt' && field !== 'seriesCnt' && field !== 'reportCnt' && field !== 'pdfCnt',
);

function namesOf<T extends object>(value: T): readonly (keyof T)[] {
  const names: (keyof T)[] = [];
  for (const name in value) names.push(name);
  return names;
}
