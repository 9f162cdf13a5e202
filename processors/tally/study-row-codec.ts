// A study's row and what its variants say, as bytes.
import type { StateCodec } from '../../runtime/contracts/task.ts';
import { packTexts, textOfBytes, unpackTexts } from './packed-text.ts';
import { type SeriesRow, type StudyRow, seriesHashOf, type VariantSize } from './study-row.ts';
import type { VariantContent } from './variant-content.ts';

export const variantContentCodec: StateCodec<VariantContent> = {
  encode: (content) => packTexts(content) ?? Buffer.from(JSON.stringify(content)),
  decode: (bytes) => {
    const text = textOfBytes(bytes);
    return unpackTexts(text)?.map(orNull) ?? JSON.parse(text);
  },
};

/**
 * Prefix, revision, first and last event, whether the attributes are stale, trace, causation, number of attributes, the
 * attributes; then each series: its UID, number of variants, and of each variant name, size and modality.
 */
export const studyRowCodec: StateCodec<StudyRow> = { encode, decode };

const FIXED_TEXTS = 8;

function encode(row: StudyRow): Uint8Array {
  const { prefix, revision, firstEventAtMs, lastEventAtMs, series, attributes, attributesStale, lineage } = row;
  const texts: (string | null)[] = [
    prefix,
    String(revision),
    String(firstEventAtMs),
    String(lastEventAtMs),
    attributesStale ? '1' : '',
    lineage.trace,
    lineage.causation,
    String(attributes.length),
    ...attributes,
  ];
  for (const { seriesInstanceUid, variants } of series) {
    texts.push(seriesInstanceUid, String(variants.length));
    for (const { variant, size, modality } of variants) texts.push(variant, String(size), modality);
  }
  return packTexts(texts) ?? Buffer.from(JSON.stringify(row));
}

function decode(bytes: Uint8Array): StudyRow {
  const text = textOfBytes(bytes);
  const texts = unpackTexts(text);
  if (texts === undefined) return JSON.parse(text);
  const textAt = (at: number): string => texts[at] ?? '';
  const attributesEnd = FIXED_TEXTS + Number(textAt(7));
  return {
    prefix: textAt(0),
    revision: Number(textAt(1)),
    firstEventAtMs: Number(textAt(2)),
    lastEventAtMs: Number(textAt(3)),
    attributesStale: textAt(4) === '1',
    lineage: { trace: textAt(5), causation: textAt(6) },
    attributes: texts.slice(FIXED_TEXTS, attributesEnd).map(orNull),
    series: readSeries(textAt, attributesEnd, texts.length),
  };
}

function readSeries(textAt: (at: number) => string, from: number, end: number): readonly SeriesRow[] {
  const series: SeriesRow[] = [];
  let at = from;
  while (at < end) {
    const seriesInstanceUid = textAt(at);
    const variants: VariantSize[] = [];
    const variantsEnd = at + 2 + 3 * Number(textAt(at + 1));
    for (at += 2; at < variantsEnd; at += 3) {
      variants.push({ variant: textAt(at), size: Number(textAt(at + 1)), modality: orNull(textAt(at + 2)) });
    }
    // A series without variants is in no row.
    series.push({ seriesInstanceUid, seriesHash: seriesHashOf(variants[0]?.variant ?? ''), variants });
  }
  return series;
}

function orNull(text: string): string | null {
  return text === '' ? null : text;
}
