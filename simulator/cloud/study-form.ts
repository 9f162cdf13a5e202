// The form of a study upload, POST /ris/study/add: which fields there are and what each must look like.
import { CLASS_A_FIELDS, type StudyField } from '../../schemas/cloud-payloads.ts';
import type { JsonObject } from '../json-value.ts';
import { type CloudAnswer, refusal } from './cloud-answer.ts';
import {
  COUNT,
  DATE,
  DATE_OR_TIME,
  DATE_TIME,
  type FieldRule,
  matching,
  oneOf,
  refuseFields,
  TEXT,
} from './field-rules.ts';

const DECIMAL = matching(/^\d{1,4}(\.\d{1,6})?$/, 'a decimal number');

/** `satisfies` makes a field that the payload gains, or loses, a fault of compilation. */
const FORMS = {
  patientId: TEXT,
  patientName: TEXT,
  patientSex: oneOf('M', 'F', 'O'),
  studyId: TEXT,
  accessNumber: TEXT,
  modality: TEXT,
  patientAge: matching(/^\d{1,3}$/, 'a number of at most three digits'),
  patientAgeUnit: oneOf('Y', 'M', 'D'),
  patientBirthday: DATE,
  size: DECIMAL,
  weight: DECIMAL,
  phoneNum: TEXT,
  medicalInsuranceNum: TEXT,
  idCardNum: TEXT,
  hkAndMarcoPermitNum: TEXT,
  hkAndMacauPermitNum: TEXT,
  passportNum: TEXT,
  otherInfo: TEXT,
  bodyPart: TEXT,
  studyDesc: TEXT,
  studyDate: DATE_TIME,
  scanMode: TEXT,
  studyCategory: oneOf('normal', 'emergency'),
  applyDept: TEXT,
  applyDoctor: TEXT,
  applyDeptId: TEXT,
  applyDoctorId: TEXT,
  hisNum: TEXT,
  examDept: TEXT,
  examDoctor: TEXT,
  examDeptId: TEXT,
  examDoctorId: TEXT,
  status: oneOf('registered', 'partial', 'preliminary', 'print', 'final'),
  studyUid: matching(/^[0-9.]{1,64}$/, 'a UID'),
  imageCnt: COUNT,
  seriesCnt: COUNT,
  reportCnt: COUNT,
  pdfCnt: COUNT,
  homeAddress: TEXT,
  appointDate: DATE_OR_TIME,
  clinicNum: TEXT,
  inpatientNum: TEXT,
  healthScreenNum: TEXT,
  examInfo: TEXT,
  inpatientWard: TEXT,
  bedNum: TEXT,
  diagnosis: TEXT,
  symptom: TEXT,
  allergies: TEXT,
  studyRequirement: TEXT,
  equipment: TEXT,
} as const satisfies Readonly<Record<StudyField, FieldRule>>;

const REQUIRED: ReadonlySet<string> = new Set(CLASS_A_FIELDS);
const STUDY_RULES: ReadonlyMap<string, FieldRule> = new Map(
  Object.entries(FORMS).map(([name, rule]) => [name, { ...rule, required: REQUIRED.has(name) }]),
);

/** Undefined when the cloud takes the study. */
export function refuseStudy(body: JsonObject): CloudAnswer | undefined {
  const refused = refuseFields(body, STUDY_RULES);
  if (refused !== undefined) return refused;
  if (body['hkAndMarcoPermitNum'] !== undefined && body['hkAndMacauPermitNum'] !== undefined) {
    return refusal(100001, 'the permit number is sent under the names of two editions');
  }
  if ((body['patientAge'] === undefined) !== (body['patientAgeUnit'] === undefined)) {
    return refusal(10005, 'patientAge and patientAgeUnit go together');
  }
  return undefined;
}
