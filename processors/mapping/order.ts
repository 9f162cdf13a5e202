// What only orders say: what is asked for, and why.
import type { Hl7Segment } from '../../codecs/hl7/message-view.ts';
import { meaningful } from './chinese-text.ts';
import { ENDING_STATUSES, ORDER_ACTIONS } from './code-tables.ts';
import type { MappedOrder } from './mapped-message.ts';
import { type FieldName, fieldText, type MappingDraft, plainText, put, report } from './mapping-draft.ts';
import type { MappingSettings } from './mapping-settings.ts';
import { freeText } from './observation.ts';
import type { SegmentGroup } from './segment-groups.ts';

export function mapOrder(
  draft: MappingDraft,
  { orc, obr, dg1, nte }: SegmentGroup,
  allergies: readonly Hl7Segment[],
  settings: MappingSettings,
): MappedOrder['action'] {
  const diagnoses = dg1.map((segment) => codedText(draft, 'diagnosis', segment, 3) || freeText(segment, 4));
  putAll(draft, 'diagnosis', diagnoses);
  mapClinicalInformation(draft, obr);
  putAll(draft, settings.reasonForStudy, reasons(draft, obr, settings.reasonForStudy));
  putAll(
    draft,
    'allergies',
    allergies.map((segment) => codedText(draft, 'allergies', segment, 3)),
  );
  putAll(
    draft,
    'studyRequirement',
    nte.map((segment) => freeText(segment, 3)),
  );

  const action = orderAction(draft, orc);
  if (action !== 'cancel' && action !== 'discontinue') put(draft, 'status', 'registered');
  return action;
}

/** One component is the symptom; one family of senders packs examination^diagnosis^symptom. */
function mapClinicalInformation(draft: MappingDraft, obr: Hl7Segment | undefined): void {
  if (obr === undefined) return;
  const packed = obr.components(13) > 1;
  put(draft, 'symptom', fieldText(draft, 'symptom', obr, 13, packed ? 3 : 1));
  if (packed) put(draft, 'diagnosis', fieldText(draft, 'diagnosis', obr, 13, 2));
}

/** OBR-31: the reason for the study. */
function reasons(draft: MappingDraft, obr: Hl7Segment | undefined, field: FieldName): readonly string[] {
  const texts: string[] = [];
  const repetitions = obr?.repetitions(31) ?? 0;
  for (let repetition = 1; obr !== undefined && repetition <= repetitions; repetition += 1) {
    texts.push(codedText(draft, field, obr, 31, repetition));
  }
  return texts;
}

/** The text of a coded element, else its code. */
function codedText(draft: MappingDraft, field: FieldName, segment: Hl7Segment, at: number, repetition = 1): string {
  const code = fieldText(draft, field, segment, at, 1, repetition);
  return plainText(segment, at, 2, repetition) || code;
}

function putAll(draft: MappingDraft, field: FieldName, texts: readonly string[]): void {
  const distinct = new Set(texts.map(meaningful).filter((text) => text !== ''));
  if (distinct.size > 0) put(draft, field, [...distinct].join(';'));
}

/** ORC-1; a status change is what ORC-5 says when that ends the order. */
function orderAction(draft: MappingDraft, orc: Hl7Segment | undefined): MappedOrder['action'] {
  const action = ORDER_ACTIONS.get(plainText(orc, 1).toUpperCase());
  if (action === undefined) {
    report(draft, 'status', 'ORC-1', 'mapping.unknown_code');
    return 'change';
  }
  if (action !== 'status') return action;
  return ENDING_STATUSES.get(plainText(orc, 5).toUpperCase()) ?? 'status';
}
