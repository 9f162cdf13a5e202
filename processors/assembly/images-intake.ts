// Takes a snapshot of images into its dossier and starts the quiet time anew.
import { type Failure, failed } from '../../schemas/failure.ts';
import type { StudyImages } from '../../schemas/records.ts';
import type { AssemblySettings } from './assembly-settings.ts';
import type { AssemblyContext } from './assembly-state.ts';
import type { Cause } from './dossier.ts';
import { imageIdentifiers, openDossier } from './dossier-index.ts';
import { imageAccession, imagesSummary, type MappedImages, withImages } from './images-fact.ts';

export function takeImages(
  images: StudyImages,
  mapped: MappedImages,
  cause: Omit<Cause, 'fact'>,
  { studyQuietMs }: AssemblySettings,
  context: AssemblyContext,
): Failure | undefined {
  const { site, studyInstanceUid } = images;
  const identifiers = imageIdentifiers(studyInstanceUid, mapped.fields.accessNumber);
  const isHere = (fact: { readonly studyInstanceUid: string }) => fact.studyInstanceUid === studyInstanceUid;
  const found = openDossier(
    site,
    identifiers,
    images.firstEventAtMs,
    {
      holds: (dossier) => dossier.images.some(isHere),
      holdsAsNamed: (dossier) =>
        dossier.images.some((fact) => isHere(fact) && imageAccession(fact.current) === mapped.fields.accessNumber),
    },
    context,
  );
  if (found === undefined) {
    return failed('assembly.dossier_full', 'too many studies share an identifier of this one').failure;
  }
  const { key, dossier } = found;
  const known = dossier.images.find(isHere);
  const fact = withImages(known, studyInstanceUid, imagesSummary(images, mapped), studyQuietMs);
  if (fact === undefined) return undefined;
  context.state.dossiers.set(key, {
    ...dossier,
    images:
      known === undefined ? [...dossier.images, fact] : dossier.images.map((other) => (isHere(other) ? fact : other)),
    fresh: [...dossier.fresh, { ...cause, fact: fact.id }],
  });
  if (!fact.quiet) context.timers.schedule(`${site}/${studyInstanceUid}`, images.lastEventAtMs + studyQuietMs);
  context.touch(key);
  return undefined;
}
