// One OBX: its labels, its text, its measure.
import type { Hl7Segment } from '../../codecs/hl7/message-view.ts';
import { BODY_HEIGHT_LABELS, BODY_WEIGHT_LABELS, KILOGRAMS_PER_UNIT, METRES_PER_UNIT } from './code-tables.ts';
import { type MappingDraft, plainText, put, report } from './mapping-draft.ts';

/** OBX-3.1 and OBX-3.2, upper case. */
export interface ObservationLabels {
  readonly code: string;
  readonly text: string;
}

export function observationLabels(obx: Hl7Segment): ObservationLabels {
  return { code: obx.text(3, 1).trim().toUpperCase(), text: obx.text(3, 2).trim().toUpperCase() };
}

export function isLabelled(labels: ObservationLabels, known: ReadonlySet<string>): boolean {
  return known.has(labels.text) || known.has(labels.code);
}

/**
 * The whole text of a field: repetitions are lines, and separators that a sender forgot to escape in free text stand as
 * the standard's.
 */
export function freeText(segment: Hl7Segment | undefined, field: number): string {
  if (segment === undefined) return '';
  const lines: string[] = [];
  const repetitions = segment.repetitions(field);
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    const parts: string[] = [];
    const components = segment.components(field, repetition);
    for (let component = 1; component <= components; component += 1) {
      parts.push(withSubcomponents(segment, field, component, repetition));
    }
    lines.push(parts.join('^'));
  }
  const whole = lines.join('\n').trim();
  return whole === '""' ? '' : whole;
}

function withSubcomponents(segment: Hl7Segment, field: number, component: number, repetition: number): string {
  let whole = segment.text(field, component, repetition);
  for (let part = 2; ; part += 1) {
    const text = segment.text(field, component, repetition, part);
    if (text === '') return whole;
    whole += `&${text}`;
  }
}

/** Height and weight, wherever in a message they are observed. */
export function mapMeasures(draft: MappingDraft, observations: readonly Hl7Segment[]): void {
  for (const obx of observations) {
    const labels = observationLabels(obx);
    if (isLabelled(labels, BODY_HEIGHT_LABELS)) mapMeasure(draft, 'size', obx, METRES_PER_UNIT, HEIGHT_METRES_MAX);
    if (isLabelled(labels, BODY_WEIGHT_LABELS)) mapMeasure(draft, 'weight', obx, KILOGRAMS_PER_UNIT, WEIGHT_KG_MAX);
  }
}

export const HEIGHT_METRES_MAX = 3;
export const WEIGHT_KG_MAX = 700;

function mapMeasure(
  draft: MappingDraft,
  field: 'size' | 'weight',
  obx: Hl7Segment,
  units: ReadonlyMap<string, number>,
  bound: number,
): void {
  const text = plainText(obx, 5);
  if (text === '') return;
  const factor = units.get(plainText(obx, 6).toLowerCase());
  const value = factor === undefined ? undefined : measure(text, factor, bound);
  if (value === undefined) report(draft, field, 'OBX-5', 'mapping.invalid_measure');
  else put(draft, field, value);
}

/** A decimal of at most four places, or undefined when it is no number or out of range. */
export function measure(text: string, factor: number, bound: number): string | undefined {
  if (text.length > 16 || !/^\d+(?:\.\d*)?$/.test(text)) return undefined;
  const value = Number(text) * factor;
  return value > 0 && value <= bound ? String(Number(value.toFixed(4))) : undefined;
}
