/**
 * What several messages say of the same fields, in the order of the messages and not of their arrival.
 *
 * HL7 v2.5.1 section 2.5.3.1: an empty field leaves what is known, `""` deletes it. So each field is decided by the newest message
 * that names it, and a message keeps only the fields that no newer one names: at most one layer a field.
 */
import type { MappedFields } from '../mapping/mapped-message.ts';
import type { Layer } from './dossier.ts';
import { MAPPED_FIELDS, type MappedField } from './field-sources.ts';

/** Newest first. */
export function withLayer(layers: readonly Layer[], layer: Layer): readonly Layer[] {
  if (layers.length === 0) return hasContent(layer) ? [layer] : [];
  const sorted = [...layers, layer].sort(newestFirst);
  const decided = new Set<MappedField>();
  const result: Layer[] = [];
  for (const candidate of sorted) {
    const rest = decided.size === 0 ? candidate : without(candidate, decided);
    if (!hasContent(rest)) continue;
    result.push(rest);
    for (const field of MAPPED_FIELDS) if (rest.fields[field] !== undefined) decided.add(field);
    for (const field of rest.deleted) decided.add(field);
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
  const [textA, textB] = [JSON.stringify(a), JSON.stringify(b)];
  if (textA === textB) return 0;
  return textA < textB ? 1 : -1;
}

function hasContent(layer: Layer): boolean {
  if (layer.deleted.length > 0) return true;
  for (const _ in layer.fields) return true;
  return false;
}

function without(layer: Layer, decided: ReadonlySet<MappedField>): Layer {
  const fields: { -readonly [Field in keyof MappedFields]: MappedFields[Field] } = {};
  for (const field of MAPPED_FIELDS) {
    const value = layer.fields[field];
    if (value !== undefined && !decided.has(field)) fields[field] = value;
  }
  return { stamp: layer.stamp, fields, deleted: layer.deleted.filter((field) => !decided.has(field)) };
}
