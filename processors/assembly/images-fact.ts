// Images as a fact: the newest snapshot of a study, and the one that the last quiet time found.
import type { InstanceCounts, StudyImages } from '../../schemas/records.ts';
import type { MappedFields, MappingFinding } from '../mapping/mapped-message.ts';
import type { ImagesFact, ImagesSummary } from './dossier.ts';
import { FIELD_NUMBERS, fieldValues } from './field-values.ts';
import { FINDINGS_MAX, factId } from './order-fact.ts';

export interface MappedImages {
  readonly fields: MappedFields;
  readonly findings: readonly MappingFinding[];
}

/** How series are counted once the quiet time has passed. */
export function imagesSummary(images: StudyImages, mapped: MappedImages): ImagesSummary {
  return {
    revision: images.revision,
    firstEventAtMs: images.firstEventAtMs,
    lastEventAtMs: images.lastEventAtMs,
    counts: images.counts,
    // A series whose objects were all deleted is none.
    series: images.series.filter(({ counts }) => instanceCount(counts) > 0).length,
    seriesWithImages: images.series.filter(({ counts }) => counts.images > 0).length,
    values: fieldValues(mapped.fields, []),
    findings: mapped.findings.slice(0, FINDINGS_MAX),
  };
}

/** undefined: the snapshot is stale or a repeat and changes nothing. */
export function withImages(
  known: ImagesFact | undefined,
  studyInstanceUid: string,
  summary: ImagesSummary,
  studyQuietMs: number,
): ImagesFact | undefined {
  if (known === undefined) {
    const id = factId({ studyInstanceUid });
    return { id, studyInstanceUid, current: summary, settled: null, quiet: studyQuietMs === 0 };
  }
  // Invariant 6: a repeated or older snapshot changes nothing.
  if (summary.revision <= known.current.revision) return undefined;
  if (studyQuietMs === 0) return { ...known, current: summary, settled: null, quiet: true };
  // What was learned of the same set (a name put right) need not wait.
  if (sameSet(summary, known.current)) return { ...known, current: summary };
  return { ...known, current: summary, settled: settledImages(known), quiet: false };
}

export function quieted(images: ImagesFact): ImagesFact {
  return { ...images, settled: null, quiet: true };
}

/** What may be sent; null until the images have been quiet once. */
export function settledImages(images: ImagesFact): ImagesSummary | null {
  return images.quiet ? images.current : images.settled;
}

/** What the images carry as accession number. */
export function imageAccession({ values }: ImagesSummary): string | undefined {
  return values[FIELD_NUMBERS.accessNumber] ?? undefined;
}

export function instanceCount(counts: InstanceCounts): number {
  const { images, structuredReports, doseReports, pdfs, keyObjects, presentationStates } = counts;
  return images + structuredReports + doseReports + pdfs + keyObjects + presentationStates;
}

function sameSet(a: ImagesSummary, b: ImagesSummary): boolean {
  return (
    a.lastEventAtMs === b.lastEventAtMs &&
    a.series === b.series &&
    a.seriesWithImages === b.seriesWithImages &&
    JSON.stringify(a.counts) === JSON.stringify(b.counts)
  );
}
