// Patients that nobody is: names from syllable tables, citizen numbers of a region that exists nowhere.
import type { RandomSource } from './random-source.ts';

export interface InventedPatient {
  readonly patientId: string;
  /** The ideographic name; null for a patient with a Latin name only. */
  readonly ideographic: { readonly family: string; readonly given: string } | null;
  readonly latin: { readonly family: string; readonly given: string };
  readonly sex: 'M' | 'F';
  /** yyyyMMdd */
  readonly birthday: string;
  /** 18 characters of region 000000 that pass the check, or null: foreigners have none. */
  readonly citizenNumber: string | null;
  readonly visitCardNumber: string;
  readonly phoneNumber: string;
}

const FAMILY_SYLLABLES = [
  ['甲', 'JIA'],
  ['乙', 'YI'],
  ['丙', 'BING'],
  ['丁', 'DING'],
  ['申', 'SHEN'],
  ['辰', 'CHEN'],
  ['郑样', 'ZHENGYANG'],
  ['司示', 'SISHI'],
] as const;

/** 珅 昞 玘 硚 end in a delimiter of HL7 when written as GB18030; 䶮 and 𠮷 take four bytes. */
const GIVEN_SYLLABLES = [
  ['测', 'CE'],
  ['试', 'SHI'],
  ['样', 'YANG'],
  ['例', 'LI'],
  ['珅', 'SHEN'],
  ['昞', 'BING'],
  ['玘', 'QI'],
  ['硚', 'QIAO'],
  ['䶮', 'YAN'],
  ['𠮷', 'JI'],
] as const;

const LATIN_SYLLABLES = ['KA', 'RO', 'MI', 'TEL', 'VU', 'NOR', 'SA', 'PEK', 'LUN', 'DO', 'FI', 'ZAR'] as const;

export function inventPatient(patientId: string, random: RandomSource, latinOnly: boolean): InventedPatient {
  const sex = random.pick(['M', 'F']);
  const birthday = inventBirthday(random);
  const [family, given] = [random.pick(FAMILY_SYLLABLES), [random.pick(GIVEN_SYLLABLES), random.pick(GIVEN_SYLLABLES)]];
  const latin = latinOnly
    ? { family: latinName(random, 3), given: latinName(random, 2) }
    : { family: family[1], given: given.map((syllable) => syllable[1]).join('') };
  return {
    patientId,
    ideographic: latinOnly ? null : { family: family[0], given: given.map((syllable) => syllable[0]).join('') },
    latin,
    sex,
    birthday,
    citizenNumber: latinOnly ? null : citizenNumber(birthday, sex, random),
    visitCardNumber: `66${digits(random, 10)}`,
    phoneNumber: `1610000${digits(random, 4)}`,
  };
}

function inventBirthday(random: RandomSource): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${random.integer(1935, 2020)}${two(random.integer(1, 12))}${two(random.integer(1, 28))}`;
}

function latinName(random: RandomSource, syllables: number): string {
  return Array.from({ length: syllables }, () => random.pick(LATIN_SYLLABLES)).join('');
}

function digits(random: RandomSource, length: number): string {
  return Array.from({ length }, () => String(random.integer(0, 9))).join('');
}

/** Region, birthday, serial (odd for men), check character by ISO 7064 MOD 11-2. */
function citizenNumber(birthday: string, sex: 'M' | 'F', random: RandomSource): string {
  const serial = random.integer(0, 499) * 2 + (sex === 'M' ? 1 : 0);
  const body = `000000${birthday}${String(serial).padStart(3, '0')}`;
  let sum = 0;
  for (const digit of body) sum = ((sum + Number(digit)) * 2) % 11;
  const check = (12 - sum) % 11;
  return `${body}${check === 10 ? 'X' : String(check)}`;
}
