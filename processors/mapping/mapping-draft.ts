// A group while it is being mapped: the first source that has a value wins.
import type { Hl7Segment } from '../../codecs/hl7/message-view.ts';
import type { FailureCode } from '../../schemas/failure-codes.ts';
import { EXPLICIT_NULL, meaningful } from './chinese-text.ts';
import type { MappedFields, MappingFinding } from './mapped-message.ts';

export type FieldName = keyof MappedFields;
type WritableFields = { -readonly [Field in FieldName]?: string };

export interface MappingDraft {
  readonly fields: WritableFields;
  readonly deleted: Set<FieldName>;
  readonly findings: MappingFinding[];
}

export function emptyDraft(): MappingDraft {
  return { fields: {}, deleted: new Set(), findings: [] };
}

/** What all groups of a message share, to go on from. */
export function draftFrom(shared: MappingDraft): MappingDraft {
  return { fields: { ...shared.fields }, deleted: new Set(shared.deleted), findings: [...shared.findings] };
}

/** Does nothing when the value is empty or an earlier source had one. */
export function put(draft: MappingDraft, field: FieldName, value: string): void {
  if (value !== '' && draft.fields[field] === undefined) draft.fields[field] = value;
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
  ...at: readonly [number, number?, number?, number?]
): string {
  if (segment === undefined) return '';
  const text = segment.text(...at);
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
  ...at: readonly [number, number?, number?, number?]
): string {
  if (segment === undefined) return '';
  const text = segment.text(...at);
  return text === '' || text === EXPLICIT_NULL ? '' : meaningful(text);
}

/** The deletions that stand: what another source of the message filled is not deleted. */
export function deletions(draft: MappingDraft): readonly FieldName[] {
  if (draft.deleted.size === 0) return [];
  return [...draft.deleted].filter((field) => draft.fields[field] === undefined);
}
