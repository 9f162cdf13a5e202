/**
 * The variants named last, by series: nearly every image says what the one before it in its series said, and comparing
 * with that costs a tenth of naming it anew.
 *
 * What is remembered is a function of the event alone, so nothing depends on it but time.
 */
import type { DicomInstance } from '../../schemas/records.ts';
import { type InstanceClass, instanceClass } from './instance-class.ts';
import { uidHash, variantName } from './study-row.ts';
import { contentOf, saysTheSame, type VariantContent } from './variant-content.ts';

export interface Variant {
  readonly name: string;
  readonly content: VariantContent;
}

export interface RecentVariants {
  variantOf(event: DicomInstance): Variant;
  /** `uidHash` of a study's UID. */
  studyHash(studyInstanceUid: string): string;
}

/** Invariant 7: as many series as are sent at a time, and no long texts. */
const KEPT_MAX = 2_048;
const CHARACTERS_MAX = 2_000;

export function recentVariants(): RecentVariants {
  const variants = new Map<string, Variant & { readonly of: InstanceClass }>();
  const hashes = new Map<string, string>();
  return {
    variantOf: (event) => {
      const { seriesInstanceUid } = event;
      const of = instanceClass(event.sopClassUid);
      const known = variants.get(seriesInstanceUid);
      if (known !== undefined && known.of === of && saysTheSame(event, known.content)) return known;
      const content = contentOf(event);
      const variant = { of, content, name: variantName(of, content) };
      if (charactersOf(content) <= CHARACTERS_MAX) keep(variants, seriesInstanceUid, variant);
      return variant;
    },
    studyHash: (studyInstanceUid) => {
      const known = hashes.get(studyInstanceUid);
      if (known !== undefined) return known;
      const made = uidHash(studyInstanceUid);
      keep(hashes, studyInstanceUid, made);
      return made;
    },
  };
}

function keep<Value>(values: Map<string, Value>, key: string, value: Value): void {
  // All at once: what is still sent comes back with its next image.
  if (values.size >= KEPT_MAX) values.clear();
  values.set(key, value);
}

function charactersOf(content: VariantContent): number {
  let characters = 0;
  for (const text of content) characters += text?.length ?? 0;
  return characters;
}
