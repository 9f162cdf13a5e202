// Persons: the one name the cloud wants, and the id beside it.
import type { Hl7Segment } from '../../codecs/hl7/message-view.ts';
import { holdsHanzi, isName, joined } from './chinese-text.ts';
import { type FieldName, fieldText, type MappingDraft, plainText, put } from './mapping-draft.ts';

export interface Person {
  readonly id: string;
  readonly name: string;
}

/**
 * Family and given name as one. The second component may be pinyin instead of a given name (`张三^zhangsan`), and the
 * first may be the whole name with its parts after it (`张三^张^三`).
 */
export function personName(first: string, second: string, third: string): string {
  if (second === '') return first;
  if (first === second || first === joined([second, third]) || first === second + third) return first;
  const chinese = [first, second].filter(holdsHanzi);
  return joined(chinese.length === 0 ? [first, second] : chinese);
}

/** XCN, and CE for what is no person: `id^name`; one bare component is a name or an id. */
export function readPerson(draft: MappingDraft, field: FieldName, segment: Hl7Segment | undefined, at: number): Person {
  if (segment === undefined) return NOBODY;
  const repetitions = segment.repetitions(at);
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    const id = fieldText(draft, field, segment, at, 1, repetition);
    const first = plainText(segment, at, 2, repetition);
    const name = first === '' ? plainText(segment, at, 3, repetition) : nameOf(segment, at, first, repetition);
    if (id !== '' || name !== '') return person(id, name);
  }
  return NOBODY;
}

/** NDL (OBR-32 to OBR-35): the person is the first component, its parts the subcomponents; some senders write XCN. */
export function readNamedPerson(
  draft: MappingDraft,
  field: FieldName,
  segment: Hl7Segment | undefined,
  at: number,
): Person {
  if (segment === undefined) return NOBODY;
  const repetitions = segment.repetitions(at);
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    const id = fieldText(draft, field, segment, at, 1, repetition, 1);
    const first = plainText(segment, at, 1, repetition, 2);
    const second = plainText(segment, at, 1, repetition, 3);
    let name = personName(first, second, plainText(segment, at, 1, repetition, 4));
    // The second component of NDL is a time: a name there is one of XCN.
    const written = plainText(segment, at, 2, repetition);
    if (name === '' && isName(written)) name = nameOf(segment, at, written, repetition);
    if (id !== '' || name !== '') return person(id, name);
  }
  return NOBODY;
}

/** A person is taken whole from the first source that names one; a source with the same id may add the name. */
export function putPerson(
  draft: MappingDraft,
  nameField: FieldName,
  idField: FieldName,
  found: readonly Person[],
): void {
  const chosen = found.find((one) => one.id !== '' || one.name !== '');
  if (chosen === undefined) return;
  put(draft, idField, chosen.id);
  const named = chosen.name !== '' ? chosen : found.find((one) => one.id === chosen.id && one.name !== '');
  put(draft, nameField, named?.name ?? '');
}

export const NOBODY: Person = { id: '', name: '' };

/** A person whose first component may be a bare name. */
export function person(id: string, name: string): Person {
  if (name === '') return isName(id) ? { id: '', name: id } : { id, name: '' };
  // `张三^zhangsan`: the name stands where an id should, its pinyin after it.
  if (holdsHanzi(id) && !holdsHanzi(name)) return { id: '', name: id };
  return { id, name };
}

function nameOf(segment: Hl7Segment, at: number, first: string, repetition: number): string {
  return personName(first, plainText(segment, at, 3, repetition), plainText(segment, at, 4, repetition));
}
