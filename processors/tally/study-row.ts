/**
 * What is known of one study's images, besides the set of its instances.
 *
 * Instances that agree in series, class, modality and study attributes are of one *variant*; a study has few, about one
 * a series. The set itself stands instance by instance in a store of its own. The row carries how large each variant's
 * part of the set is, so that a snapshot of 10,000 images does not walk 10,000 entries: a size changes only where an
 * instance's register changed, in the same commit, and a test counts the sets afresh and compares (invariant 6).
 *
 * A series keeps at most `VARIANTS_PER_SERIES_MAX` variants with their attributes, those with the smallest names;
 * further instances are counted under a variant without attributes. Which ones are kept does not depend on the order of
 * arrival. (With deletions in a series that has more, the attributes may; the counts never do.)
 */
import { hash } from 'node:crypto';
import { INSTANCE_CLASSES, type InstanceClass } from './instance-class.ts';
import { type AttributeValues, modalityOfContent, seriesOfContent, type VariantContent } from './variant-content.ts';

/** Invariant 7: what a sender varies without end is not kept without end. */
const VARIANTS_PER_SERIES_MAX = 64;
export const HASH_CHARACTERS = 12;

export interface StudyRow {
  /** All instances of the study, and all its variants, begin with it. */
  readonly prefix: string;
  readonly revision: number;
  readonly firstEventAtMs: number;
  readonly lastEventAtMs: number;
  readonly series: readonly SeriesRow[];
  readonly attributes: AttributeValues;
  /** A variant came or went since `attributes` were chosen. */
  readonly attributesStale: boolean;
  /** Of the record that changed the set last. */
  readonly lineage: { readonly trace: string; readonly causation: string };
}

export interface SeriesRow {
  readonly seriesInstanceUid: string;
  readonly seriesHash: string;
  /** In the order of their names; a variant without attributes has only series and class in its name. */
  readonly variants: readonly VariantSize[];
}

export interface VariantSize {
  readonly variant: string;
  readonly size: number;
  readonly modality: string | null;
}

/** The name of a variant: series, class and content, so that the first two are known without looking it up. */
export function variantName(instanceClass: InstanceClass, content: VariantContent): string {
  const series = uidHash(seriesOfContent(content));
  return `${series}${INSTANCE_CLASSES.indexOf(instanceClass)}${uidHash(JSON.stringify(content))}`;
}

export function classOfVariant(variant: string): InstanceClass {
  return INSTANCE_CLASSES[Number(variant[HASH_CHARACTERS])] ?? 'images';
}

export function seriesHashOf(variant: string): string {
  return variant.slice(0, HASH_CHARACTERS);
}

/** 72 bits of SHA-256 as text: no accident makes two UIDs of a study the same. */
export function uidHash(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, HASH_CHARACTERS);
}

export function withOneMore(
  series: readonly SeriesRow[],
  variant: string,
  content: VariantContent,
): readonly SeriesRow[] {
  const seriesHash = seriesHashOf(variant);
  const index = series.findIndex((row) => row.seriesHash === seriesHash);
  const row = series[index] ?? { seriesInstanceUid: seriesOfContent(content), seriesHash, variants: [] };
  const known = row.variants.findIndex((other) => other.variant === variant);
  const variants =
    known === -1
      ? bounded(inserted(row.variants, { variant, size: 1, modality: modalityOfContent(content) }))
      : resized(row.variants, known, 1);
  const changed = { ...row, variants };
  return index === -1 ? inserted(series, changed) : series.with(index, changed);
}

export function withOneLess(series: readonly SeriesRow[], variant: string): readonly SeriesRow[] {
  const seriesHash = seriesHashOf(variant);
  const index = series.findIndex((row) => row.seriesHash === seriesHash);
  const row = series[index];
  if (row === undefined) return series;
  let known = row.variants.findIndex((other) => other.variant === variant);
  if (known === -1) known = row.variants.findIndex((other) => other.variant === nameless(variant));
  const variants = resized(row.variants, known, -1);
  if (variants.length === 0) return series.filter((other) => other !== row);
  return series.with(index, { ...row, variants });
}

export function hasVariant(series: readonly SeriesRow[], variant: string): boolean {
  const seriesHash = seriesHashOf(variant);
  const row = series.find((other) => other.seriesHash === seriesHash);
  return row?.variants.some((other) => other.variant === variant) ?? false;
}

/** Whether both have the same variants, whatever their sizes. */
export function sameVariants(a: readonly SeriesRow[], b: readonly SeriesRow[]): boolean {
  if (a.length !== b.length) return false;
  return a.every((row, index) => {
    const other = b[index];
    if (row === other) return true;
    if (row.seriesHash !== other?.seriesHash || row.variants.length !== other.variants.length) return false;
    return row.variants.every(({ variant }, at) => variant === other.variants[at]?.variant);
  });
}

function nameless(variant: string): string {
  return variant.slice(0, HASH_CHARACTERS + 1);
}

function resized(variants: readonly VariantSize[], index: number, by: number): readonly VariantSize[] {
  const known = variants[index];
  if (known === undefined) return variants;
  const size = known.size + by;
  return size === 0 ? variants.filter((other) => other !== known) : variants.with(index, { ...known, size });
}

/** Moves the last variants' sizes to the one without attributes of their class, until the rest is within the bound. */
function bounded(variants: readonly VariantSize[]): readonly VariantSize[] {
  if (variants.length <= VARIANTS_PER_SERIES_MAX) return variants;
  const surplus = variants.filter(({ variant }) => variant !== nameless(variant)).slice(VARIANTS_PER_SERIES_MAX);
  let kept: readonly VariantSize[] = variants.filter((other) => !surplus.includes(other));
  for (const { variant, size } of surplus) {
    const index = kept.findIndex((other) => other.variant === nameless(variant));
    kept =
      index === -1 ? inserted(kept, { variant: nameless(variant), size, modality: null }) : resized(kept, index, size);
  }
  return kept;
}

function inserted<Row extends SeriesRow | VariantSize>(rows: readonly Row[], row: Row): readonly Row[] {
  const at = rows.findIndex((other) => orderText(row) < orderText(other));
  return at === -1 ? [...rows, row] : rows.toSpliced(at, 0, row);
}

function orderText(row: SeriesRow | VariantSize): string {
  return 'variant' in row ? row.variant : row.seriesInstanceUid;
}
