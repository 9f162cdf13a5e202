// A person name, decoded: its three groups and their components (PS3.5 section 6.2.1).

export interface PersonNameGroup {
  readonly family: string;
  readonly given: string;
  readonly middle: string;
  readonly prefix: string;
  readonly suffix: string;
}

export interface PersonName {
  readonly alphabetic: PersonNameGroup | undefined;
  readonly ideographic: PersonNameGroup | undefined;
  readonly phonetic: PersonNameGroup | undefined;
}

const HAN = /\p{Script=Han}/u;

/** Reads the first value. Chinese in the first group counts as ideographic when no second group says otherwise. */
export function parsePersonName(text: string): PersonName {
  const [first = '', second = '', third = ''] = (text.split('\\', 1)[0] ?? '').split('=');
  const ideographic = parseGroup(second);
  if (ideographic === undefined && HAN.test(first)) {
    return { alphabetic: undefined, ideographic: parseGroup(first), phonetic: parseGroup(third) };
  }
  return { alphabetic: parseGroup(first), ideographic, phonetic: parseGroup(third) };
}

/**
 * The name to show: the ideographic one when there is one, family, given and middle joined without a space; else the
 * alphabetic, else the phonetic one, joined by spaces. '' when there is none.
 */
export function preferredPersonName(text: string): string {
  const { alphabetic, ideographic, phonetic } = parsePersonName(text);
  if (ideographic !== undefined) {
    const separator = HAN.test(ideographic.family + ideographic.given) ? '' : ' ';
    return joined(ideographic, separator);
  }
  const group = alphabetic ?? phonetic;
  return group === undefined ? '' : joined(group, ' ');
}

function joined(group: PersonNameGroup, separator: string): string {
  return [group.family, group.given, group.middle].filter((part) => part !== '').join(separator);
}

function parseGroup(text: string): PersonNameGroup | undefined {
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = text.split('^').map((part) => part.trim());
  if (`${family}${given}${middle}${prefix}${suffix}` === '') return undefined;
  return { family, given, middle, prefix, suffix };
}
