// The patient's numbers: PID-3 by type, PID-2, PID-19, IN1.
import type { Hl7Segment } from '../../codecs/hl7/message-view.ts';
import { EXPLICIT_NULL } from './chinese-text.ts';
import { citizenNumber } from './citizen-number.ts';
import {
  CITIZEN_NUMBER_TYPES,
  INSURANCE_TYPES,
  PASSPORT_TYPES,
  PATIENT_NUMBER_TYPES,
  VISIT_CARD_TYPES,
} from './code-tables.ts';
import { fieldText, type MappingDraft, plainText, put, report } from './mapping-draft.ts';
import type { MappingSettings } from './mapping-settings.ts';

export interface TypedNumber {
  readonly number: string;
  /** CX-5, upper case. */
  readonly type: string;
}

/** The repetitions of PID-3 that hold a number, in their order. */
export function typedNumbers(pid: Hl7Segment | undefined): readonly TypedNumber[] {
  const numbers: TypedNumber[] = [];
  const repetitions = pid?.repetitions(3) ?? 0;
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    const number = plainText(pid, 3, 1, repetition);
    if (number !== '') numbers.push({ number, type: plainText(pid, 3, 5, repetition).toUpperCase() });
  }
  return numbers;
}

export function mapPatientIdentifiers(
  draft: MappingDraft,
  pid: Hl7Segment | undefined,
  insurances: readonly Hl7Segment[],
  numbers: readonly TypedNumber[],
  settings: MappingSettings,
): void {
  put(draft, 'patientId', patientId(pid, numbers));
  for (const { number, type } of numbers) {
    if (CITIZEN_NUMBER_TYPES.has(type)) putCitizenNumber(draft, number, 'PID-3');
    else if (PASSPORT_TYPES.has(type)) put(draft, 'passportNum', number);
    else if (INSURANCE_TYPES.has(type)) put(draft, 'medicalInsuranceNum', number);
    else if (settings.permitTypes.includes(type)) put(draft, permitField(settings), number);
    else if (settings.otherInfoTypes.includes(type)) put(draft, 'otherInfo', number);
  }
  putCitizenNumber(draft, fieldText(draft, 'idCardNum', pid, 19), 'PID-19');
  for (const insurance of insurances) {
    put(draft, 'medicalInsuranceNum', fieldText(draft, 'medicalInsuranceNum', insurance, 36));
    put(draft, 'medicalInsuranceNum', fieldText(draft, 'medicalInsuranceNum', insurance, 49));
  }
}

/** Never a citizen number, a passport or a visit card while another identifier exists; an insurance number after the hospital's own. */
function patientId(pid: Hl7Segment | undefined, numbers: readonly TypedNumber[]): string {
  for (const type of PATIENT_NUMBER_TYPES) {
    const known = numbers.find((other) => other.type === type);
    if (known !== undefined) return known.number;
  }
  const open = numbers.filter((other) => !isPrivate(other));
  const own = open.find(({ type }) => !INSURANCE_TYPES.has(type));
  if (own !== undefined) return own.number;
  const external = plainText(pid, 2);
  if (external !== '' && citizenNumber(external) === undefined) return external;
  const last =
    open[0] ??
    numbers.find(({ type }) => VISIT_CARD_TYPES.has(type)) ??
    numbers.find(({ type }) => PASSPORT_TYPES.has(type)) ??
    numbers[0];
  return last?.number ?? external;
}

/** A number of no known type that is a citizen number by its check character is taken for one here. */
function isPrivate({ number, type }: TypedNumber): boolean {
  if (CITIZEN_NUMBER_TYPES.has(type) || PASSPORT_TYPES.has(type) || VISIT_CARD_TYPES.has(type)) return true;
  return citizenNumber(number) !== undefined;
}

function putCitizenNumber(draft: MappingDraft, text: string, where: string): void {
  if (text === '' || text === EXPLICIT_NULL) return;
  const number = citizenNumber(text);
  if (number === undefined) report(draft, 'idCardNum', where, 'mapping.invalid_citizen_number');
  else put(draft, 'idCardNum', number);
}

function permitField(settings: MappingSettings): 'hkAndMarcoPermitNum' | 'hkAndMacauPermitNum' {
  return settings.edition === 'international' ? 'hkAndMarcoPermitNum' : 'hkAndMacauPermitNum';
}
