// One OBX: its labels, its text, its measure.
import type { Hl7Segment } from '../../codecs/hl7/message-view.ts';
import { EXPLICIT_NULL } from './chinese-text.ts';
import { KILOGRAMS_PER_UNIT, METRES_PER_UNIT, OBSERVATION_KINDS, type ObservationKind } from './code-tables.ts';
import { type MappingDraft, plainText, put, report } from './mapping-draft.ts';

/** What decides how an OBX is read, looked up once. */
export interface Observation {
  readonly segment: Hl7Segment;
  readonly kind: ObservationKind | undefined;
  /** OBX-2 */
  readonly valueType: string;
  /** OBX-11 */
  readonly status: string;
}

export function readObservation(segment: Hl7Segment): Observation {
  const kind = kindOf(segment.text(3, 2)) ?? kindOf(segment.text(3, 1));
  return { segment, kind, valueType: segment.text(2), status: segment.text(11) };
}

function kindOf(label: string): ObservationKind | undefined {
  if (label === '') return undefined;
  return OBSERVATION_KINDS.get(label) ?? OBSERVATION_KINDS.get(label.trim().toUpperCase());
}

/**
 * The whole text of a field: repetitions are lines, and separators that a sender forgot to escape in free text stand as
 * the standard's.
 */
export function freeText(segment: Hl7Segment | undefined, field: number): string {
  if (segment === undefined) return '';
  const plain = segment.plain(field);
  const whole = (plain ?? dividedText(segment, field)).trim();
  return whole === EXPLICIT_NULL ? '' : whole;
}

function dividedText(segment: Hl7Segment, field: number): string {
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
  return lines.join('\n');
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
export function mapMeasures(draft: MappingDraft, observations: readonly Observation[]): void {
  for (const { kind, segment } of observations) {
    if (kind === 'bodyHeight') mapMeasure(draft, 'size', segment, METRES_PER_UNIT, HEIGHT_METRES_MAX);
    if (kind === 'bodyWeight') mapMeasure(draft, 'weight', segment, KILOGRAMS_PER_UNIT, WEIGHT_KG_MAX);
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
  if (!(value > 0 && value <= bound)) return undefined;
  return String(Number.isInteger(value) ? value : Number(value.toFixed(4)));
}
