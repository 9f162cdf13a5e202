// A group while it is being mapped: the first source that has a value wins.
import type { Hl7Segment } from '../../codecs/hl7/message-view.ts';
import type { FailureCode } from '../../schemas/failure-codes.ts';
import { EXPLICIT_NULL, meaningful } from './chinese-text.ts';
import type { MappedFields, MappingFinding } from './mapped-message.ts';

export type FieldName = keyof MappedFields;

export interface MappingDraft {
  /** A map while it grows: an object of so many shapes costs several times as much. */
  readonly fields: Map<FieldName, string>;
  readonly deleted: Set<FieldName>;
  readonly findings: MappingFinding[];
}

export function emptyDraft(): MappingDraft {
  return { fields: new Map(), deleted: new Set(), findings: [] };
}

/** While it is made: an object to which each part is written costs a tenth of one spread together. */
export type Growing<T> = { -readonly [Name in keyof T]: T[Name] };

/** What all groups of a message share, to go on from. */
export function draftFrom(shared: MappingDraft): MappingDraft {
  return { fields: new Map(shared.fields), deleted: new Set(shared.deleted), findings: [...shared.findings] };
}

/** Does nothing when the value is empty or an earlier source had one. */
export function put(draft: MappingDraft, field: FieldName, value: string): void {
  if (value !== '' && !draft.fields.has(field)) draft.fields.set(field, value);
}

export interface MappingResult {
  readonly fields: MappedFields;
  readonly deleted: readonly FieldName[];
  readonly findings: readonly MappingFinding[];
}

/** Deletions stand only where no other source of the message filled the field. */
export function mappingResult({ fields, deleted, findings }: MappingDraft): MappingResult {
  const stands = deleted.size === 0 ? [] : [...deleted].filter((field) => !fields.has(field));
  const mapped: Growing<MappedFields> = {};
  for (const [field, value] of fields) mapped[field] = value;
  return { fields: mapped, deleted: stands, findings };
}

/** Invariant 8: a finding names the field and where it was found, never the value. */
export function report(draft: MappingDraft, field: MappingFinding['field'], where: string, code: FailureCode): void {
  const known = draft.findings.some((other) => other.field === field && other.where === where && other.code === code);
  if (!known) draft.findings.push({ field, where, code });
}

/** Text of a (sub)component for a field: '' when absent, a placeholder or deleted; a deletion is noted. */
export function fieldText(
  draft: MappingDraft,
  field: FieldName,
  segment: Hl7Segment | undefined,
  at: number,
  component = 1,
  repetition = 1,
  subcomponent = 1,
): string {
  if (segment === undefined) return '';
  const text = segment.text(at, component, repetition, subcomponent);
  if (text === '') return '';
  if (text === EXPLICIT_NULL) {
    draft.deleted.add(field);
    return '';
  }
  return meaningful(text);
}

/** As `fieldText`, where no field of the cloud is deleted by an explicit null. */
export function plainText(
  segment: Hl7Segment | undefined,
  at: number,
  component = 1,
  repetition = 1,
  subcomponent = 1,
): string {
  if (segment === undefined) return '';
  const text = segment.text(at, component, repetition, subcomponent);
  return text === '' ? '' : meaningful(text);
}
