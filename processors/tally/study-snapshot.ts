/**
 * The snapshot of a study's images, from its row.
 *
 * The study's attributes are those of the present variants: per attribute the first value that is not empty, images
 * before other classes, then by Series Instance UID, then by the variant's name. That is a function of the set, so
 * neither the order of arrival nor repetition matters, and a deletion takes back what only the deleted images said.
 */
import type { InstanceCounts, SeriesImages, StudyImages } from '../../schemas/records.ts';
import { NO_INSTANCES } from './instance-class.ts';
import { classOfVariant, type SeriesRow, type StudyRow } from './study-row.ts';
import { type AttributeValues, attributesOf, firstValues, type VariantContent } from './variant-content.ts';

export function studySnapshot(site: string, studyInstanceUid: string, row: StudyRow): StudyImages {
  const series = row.series.map(seriesSnapshot);
  let counts = NO_INSTANCES;
  for (const entry of series) counts = sum(counts, entry.counts);
  return {
    site,
    studyInstanceUid,
    revision: row.revision,
    firstEventAtMs: row.firstEventAtMs,
    lastEventAtMs: row.lastEventAtMs,
    counts,
    series,
    attributes: attributesOf(row.attributes),
  };
}

export function chosenAttributes(
  series: readonly SeriesRow[],
  contentOf: (variant: string) => VariantContent | undefined,
): AttributeValues {
  return firstValues(contentsInOrder(series, contentOf));
}

function* contentsInOrder(
  series: readonly SeriesRow[],
  contentOf: (variant: string) => VariantContent | undefined,
): Iterable<VariantContent> {
  for (const images of [true, false]) {
    for (const row of series) {
      for (const { variant } of row.variants) {
        const content = (classOfVariant(variant) === 'images') === images ? contentOf(variant) : undefined;
        if (content !== undefined) yield content;
      }
    }
  }
}

function seriesSnapshot(row: SeriesRow): SeriesImages {
  const counts = { ...NO_INSTANCES };
  let modality: string | null = null;
  for (const entry of row.variants) {
    counts[classOfVariant(entry.variant)] += entry.size;
    modality ??= entry.modality;
  }
  return { seriesInstanceUid: row.seriesInstanceUid, modality, counts };
}

function sum(a: InstanceCounts, b: InstanceCounts): InstanceCounts {
  return {
    images: a.images + b.images,
    structuredReports: a.structuredReports + b.structuredReports,
    doseReports: a.doseReports + b.doseReports,
    pdfs: a.pdfs + b.pdfs,
    keyObjects: a.keyObjects + b.keyObjects,
    presentationStates: a.presentationStates + b.presentationStates,
  };
}
