// A source's fields as a row: each field stands at its own number, in memory as in the state.
import type { TextPacker, TextUnpacker } from '../../runtime/contracts/packed-text.ts';
import type { MappedFields } from '../mapping/mapped-message.ts';
import { MAPPED_FIELDS, type MappedField } from './field-sources.ts';

/** By number of the field; null: deleted (`""` was sent), undefined: nothing is said of it. */
export type FieldValues = readonly FieldValue[];
export type FieldValue = string | null | undefined;

/** They stand in the state: a number is never given to another field. */
export const FIELD_NUMBERS: { readonly [Field in MappedField]: number } = {
  patientId: 0,
  patientName: 1,
  patientSex: 2,
  accessNumber: 3,
  modality: 4,
  patientAge: 5,
  patientAgeUnit: 6,
  patientBirthday: 7,
  size: 8,
  weight: 9,
  phoneNum: 10,
  medicalInsuranceNum: 11,
  idCardNum: 12,
  hkAndMarcoPermitNum: 13,
  hkAndMacauPermitNum: 14,
  passportNum: 15,
  otherInfo: 16,
  bodyPart: 17,
  studyDesc: 18,
  studyDate: 19,
  scanMode: 20,
  studyCategory: 21,
  applyDept: 22,
  applyDoctor: 23,
  applyDeptId: 24,
  applyDoctorId: 25,
  hisNum: 26,
  examDept: 27,
  examDoctor: 28,
  examDeptId: 29,
  examDoctorId: 30,
  status: 31,
  studyUid: 32,
  homeAddress: 33,
  appointDate: 34,
  clinicNum: 35,
  inpatientNum: 36,
  healthScreenNum: 37,
  examInfo: 38,
  inpatientWard: 39,
  bedNum: 40,
  diagnosis: 41,
  symptom: 42,
  allergies: 43,
  studyRequirement: 44,
  equipment: 45,
};

/** One more than the highest number. */
export const FIELD_NUMBERS_END = Math.max(...Object.values(FIELD_NUMBERS)) + 1;

/** No source says anything. */
export const NO_VALUES: FieldValues = [];

export function fieldValues(fields: MappedFields, deleted: readonly MappedField[]): FieldValues {
  const values = new Array<FieldValue>(FIELD_NUMBERS_END);
  for (const field of deleted) values[FIELD_NUMBERS[field]] = null;
  for (const field of MAPPED_FIELDS) {
    const value = fields[field];
    if (value !== undefined) values[FIELD_NUMBERS[field]] = value;
  }
  return values;
}

export function saysAnything(values: FieldValues): boolean {
  for (const value of values) if (value !== undefined) return true;
  return false;
}

/** Any order will do, as long as it is the same whichever came first; 0 for the same values only. */
export function compareValues(a: FieldValues, b: FieldValues): number {
  for (let number = 0; number < FIELD_NUMBERS_END; number += 1) {
    const [ofA, ofB] = [a[number], b[number]];
    if (ofA === ofB) continue;
    if (ofA === undefined || ofB === undefined) return ofA === undefined ? -1 : 1;
    if (ofA === null || ofB === null) return ofA === null ? -1 : 1;
    return ofA < ofB ? -1 : 1;
  }
  return 0;
}

export function packValues(values: FieldValues, to: TextPacker): void {
  let said = 0;
  for (const value of values) if (value !== undefined) said += 1;
  to.number(said);
  for (let number = 0; number < values.length; number += 1) {
    const value = values[number];
    if (value === undefined) continue;
    to.number(number);
    to.optionalText(value);
  }
}

export function unpackValues(from: TextUnpacker): FieldValues {
  const values = new Array<FieldValue>(FIELD_NUMBERS_END);
  for (let left = from.number(); left > 0; left -= 1) {
    const number = from.number();
    values[number] = from.optionalText() ?? null;
  }
  return values;
}
