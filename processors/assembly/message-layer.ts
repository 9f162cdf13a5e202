/**
 * What several messages say of the same fields, in the order of the messages and not of their arrival.
 *
 * HL7 v2.5.1 section 2.5.3.1: an empty field leaves what is known, `""` deletes it. So each field is decided by the newest message
 * that names it, and a message keeps only the fields that no newer one names: at most one layer a field.
 */
import type { Layer } from './dossier.ts';
import { compareValues, FIELD_NUMBERS_END, type FieldValue, saysAnything } from './field-values.ts';

/** Newest first. */
export function withLayer(layers: readonly Layer[], layer: Layer): readonly Layer[] {
  const [newest] = layers;
  if (newest === undefined) return saysAnything(layer.values) ? [layer] : [];
  // The same message again.
  if (newest.stamp === layer.stamp && compareValues(newest.values, layer.values) === 0) return layers;
  const isNewest = layer.stamp > newest.stamp;
  const sorted = isNewest ? [layer, ...layers] : [...layers, layer].sort(newestFirst);
  const decided = new Uint8Array(FIELD_NUMBERS_END);
  const result: Layer[] = [];
  for (const candidate of sorted) {
    const rest = undecided(candidate, decided);
    if (rest !== undefined) result.push(rest);
  }
  return result;
}

/** The layers of several facts as one list, newest first. */
export function layersOf(facts: readonly { readonly layers: readonly Layer[] }[]): readonly Layer[] {
  const [only, ...others] = facts;
  if (only === undefined) return [];
  if (others.length === 0) return only.layers;
  return facts.flatMap(({ layers }) => layers).sort(newestFirst);
}

function newestFirst(a: Layer, b: Layer): number {
  if (a.stamp !== b.stamp) return a.stamp < b.stamp ? 1 : -1;
  return compareValues(b.values, a.values);
}

/** What the layer says of fields that no newer one decides; from then on it decides them. undefined: nothing. */
function undecided(layer: Layer, decided: Uint8Array): Layer | undefined {
  const { stamp, values } = layer;
  let said = 0;
  let taken = 0;
  for (let number = 0; number < values.length; number += 1) {
    if (values[number] === undefined) continue;
    if (decided[number] === 0) said += 1;
    else taken += 1;
  }
  if (said === 0) return undefined;
  const rest = taken === 0 ? undefined : new Array<FieldValue>(FIELD_NUMBERS_END);
  for (let number = 0; number < values.length; number += 1) {
    const value = values[number];
    if (value === undefined || decided[number] === 1) continue;
    decided[number] = 1;
    if (rest !== undefined) rest[number] = value;
  }
  return rest === undefined ? layer : { stamp, values: rest };
}
