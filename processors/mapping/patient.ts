// The patient: name, sex, birthday, telephone, address.
import type { Hl7Segment } from '../../codecs/hl7/message-view.ts';
import { holdsHanzi, joined } from './chinese-text.ts';
import { SEXES } from './code-tables.ts';
import { type FieldName, fieldText, type MappingDraft, plainText, put, report } from './mapping-draft.ts';
import { personName } from './person.ts';
import { cloudDate, parseTimestamp } from './timestamp.ts';

export function mapPatient(draft: MappingDraft, pid: Hl7Segment | undefined): void {
  if (pid === undefined) return;
  put(draft, 'patientName', patientName(draft, pid));
  mapSex(draft, fieldText(draft, 'patientSex', pid, 8), 'PID-8');
  mapBirthday(draft, fieldText(draft, 'patientBirthday', pid, 7), 'PID-7');
  mapPhone(draft, pid);
  mapAddress(draft, pid);
}

export function mapSex(draft: MappingDraft, code: string, where: string): void {
  if (code === '') return;
  const sex = SEXES.get(code.toUpperCase());
  if (sex === undefined) report(draft, 'patientSex', where, 'mapping.unknown_code');
  else put(draft, 'patientSex', sex);
}

/** The ideographic name when there is one, in whichever repetition. */
function patientName(draft: MappingDraft, pid: Hl7Segment): string {
  let first = '';
  const repetitions = pid.repetitions(5);
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    const name = personName(
      fieldText(draft, 'patientName', pid, 5, 1, repetition),
      plainText(pid, 5, 2, repetition),
      plainText(pid, 5, 3, repetition),
    );
    if (holdsHanzi(name)) return name;
    if (first === '') first = name;
  }
  return first;
}

function mapBirthday(draft: MappingDraft, text: string, where: string): void {
  if (text === '') return;
  const birthday = parseTimestamp(text);
  if (birthday === undefined) report(draft, 'patientBirthday', where, 'mapping.invalid_date');
  else put(draft, 'patientBirthday', cloudDate(birthday));
}

/** XTN: the number as written, the local number, any text, the unformatted number. */
const PHONE_COMPONENTS = [1, 7, 9, 12];

function mapPhone(draft: MappingDraft, pid: Hl7Segment): void {
  let found = false;
  const repetitions = pid.repetitions(13);
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    const components = pid.components(13, repetition);
    for (const component of PHONE_COMPONENTS) {
      if (component > components) break;
      const text = fieldText(draft, 'phoneNum', pid, 13, component, repetition);
      if (text === '') continue;
      const number = mobileNumber(text);
      if (number !== undefined) {
        put(draft, 'phoneNum', number);
        return;
      }
      found = true;
    }
  }
  if (found) report(draft, 'phoneNum', 'PID-13', 'mapping.invalid_phone');
}

/** The first 11 digits beginning with 1; blanks and hyphens may stand between them where the number is no landline's. */
export function mobileNumber(text: string): string | undefined {
  const direct = firstMobile(text);
  if (direct !== undefined || text.startsWith('0')) return direct;
  return firstMobile(text.replaceAll(/[ ()-]/g, ''));
}

const MOBILE_DIGITS = 11;

function firstMobile(text: string): string | undefined {
  let begin = -1;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 48 || unit > 57) begin = -1;
    else if (begin === -1 && unit === 49) begin = at;
    if (begin !== -1 && at - begin + 1 === MOBILE_DIGITS) return text.slice(begin, at + 1);
  }
  return undefined;
}

/** XAD: street (1, 2), city (3), state (4); no postcode, no country. */
function mapAddress(draft: MappingDraft, pid: Hl7Segment): void {
  const repetitions = pid.repetitions(11);
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    const address = addressOf(draft, 'homeAddress', pid, repetition);
    put(draft, 'homeAddress', address);
    if (address !== '') return;
  }
}

function addressOf(draft: MappingDraft, field: FieldName, pid: Hl7Segment, repetition: number): string {
  const street = fieldText(draft, field, pid, 11, 1, repetition);
  const other = plainText(pid, 11, 2, repetition);
  const city = plainText(pid, 11, 3, repetition);
  const state = plainText(pid, 11, 4, repetition);
  const local = street.includes(other) ? street : joined([street, other]);
  if (state !== '' && local.startsWith(state)) return local;
  const inCity = city === '' || local.startsWith(city) ? local : joined([city, local]);
  return state === '' || inCity.startsWith(state) ? inCity : joined([state, inCity]);
}
