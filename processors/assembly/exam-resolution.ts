/**
 * Which examination each fact of a dossier is about, as a pure function of all facts.
 *
 * An examination is named by its accession number. A fact without one finds it, in this order:
 * 1. by Study Instance UID: the accession other messages give with it, else the one its images carry;
 * 2. by filler number: the accession that comes with it elsewhere (directly, by UID, or by a placer whose accession has
 *    no filler number yet), else the filler number itself, which stands in place of a missing accession;
 * 3. by placer number, when everything under that placer is one examination.
 * A number that stands with two accessions decides nothing: a placer order may cover several examinations.
 */
import type { MappedIdentifiers } from '../mapping/mapped-message.ts';
import type { ImagesFact } from './dossier.ts';
import { imageAccession } from './images-fact.ts';
import { TextLinks } from './text-links.ts';

export interface Fact {
  readonly id: string;
  readonly identifiers: MappedIdentifiers;
}

export interface ExamResolution {
  /** undefined: not known, or more than one. */
  examOf(fact: Fact): string | undefined;
  /** The examination that images with this accession number belong to. */
  examOfAccession(accession: string): string;
  /** Whether a message or an image names it as accession number. */
  isAccession(exam: string): boolean;
  /** The placer covers more than one examination. */
  isAmbiguousPlacer(placer: string): boolean;
}

export function examResolution(facts: readonly Fact[], images: readonly ImagesFact[]): ExamResolution {
  const links = collectLinks(facts, images);
  const examOfFiller = (filler: string) => fillerExam(filler, links);
  const first = new Map<string, string>();
  const examsByPlacer = new TextLinks();
  for (const fact of facts) {
    const exam = ownExam(fact.identifiers, links, examOfFiller);
    if (exam === undefined) continue;
    first.set(fact.id, exam);
    examsByPlacer.add(fact.identifiers.placerOrderNumber, exam);
  }
  const examOf = (fact: Fact): string | undefined => {
    const own = first.get(fact.id);
    if (own !== undefined) return own;
    const { placerOrderNumber, fillerOrderNumber } = fact.identifiers;
    if (placerOrderNumber === undefined || fillerOrderNumber !== undefined) return undefined;
    return examsByPlacer.only(placerOrderNumber);
  };
  return {
    examOf,
    examOfAccession: (accession) => {
      if (links.accessions.has(accession) || !links.standIns.has(accession)) return accession;
      return examOfFiller(accession) ?? accession;
    },
    isAccession: (exam) => links.accessions.has(exam) || links.imageAccessions.has(exam),
    isAmbiguousPlacer: (placer) => examsByPlacer.leadsToSeveral(placer),
  };
}

interface CollectedLinks {
  readonly accessions: ReadonlySet<string>;
  readonly imageAccessions: ReadonlySet<string>;
  /** Filler numbers of facts without accession. */
  readonly standIns: ReadonlySet<string>;
  readonly byFiller: TextLinks;
  readonly byUid: TextLinks;
  readonly byPlacer: TextLinks;
  readonly fillersOfAccession: TextLinks;
  readonly uidsOfFiller: TextLinks;
  readonly placersOfFiller: TextLinks;
  readonly accessionOfImages: ReadonlyMap<string, string>;
}

function collectLinks(facts: readonly Fact[], images: readonly ImagesFact[]): CollectedLinks {
  const accessions = new Set<string>();
  const standIns = new Set<string>();
  const byFiller = new TextLinks();
  const byUid = new TextLinks();
  const byPlacer = new TextLinks();
  const fillersOfAccession = new TextLinks();
  const uidsOfFiller = new TextLinks();
  const placersOfFiller = new TextLinks();
  for (const { identifiers } of facts) {
    const { accessionNumber, placerOrderNumber, fillerOrderNumber, studyInstanceUid } = identifiers;
    if (accessionNumber !== undefined) {
      accessions.add(accessionNumber);
      byFiller.add(fillerOrderNumber, accessionNumber);
      byUid.add(studyInstanceUid, accessionNumber);
      byPlacer.add(placerOrderNumber, accessionNumber);
      fillersOfAccession.add(accessionNumber, fillerOrderNumber);
    } else if (fillerOrderNumber !== undefined) {
      standIns.add(fillerOrderNumber);
      uidsOfFiller.add(fillerOrderNumber, studyInstanceUid);
      placersOfFiller.add(fillerOrderNumber, placerOrderNumber);
    }
  }
  const accessionOfImages = new Map<string, string>();
  for (const { studyInstanceUid, current } of images) {
    const accession = imageAccession(current);
    if (accession !== undefined) accessionOfImages.set(studyInstanceUid, accession);
  }
  const imageAccessions = new Set(accessionOfImages.values());
  return {
    accessions,
    imageAccessions,
    standIns,
    byFiller,
    byUid,
    byPlacer,
    fillersOfAccession,
    uidsOfFiller,
    placersOfFiller,
    accessionOfImages,
  };
}

function ownExam(
  { accessionNumber, fillerOrderNumber, studyInstanceUid }: MappedIdentifiers,
  links: CollectedLinks,
  examOfFiller: (filler: string) => string | undefined,
): string | undefined {
  if (accessionNumber !== undefined) return accessionNumber;
  if (studyInstanceUid !== undefined) {
    const exam = uidExam(studyInstanceUid, links);
    if (exam !== undefined) return exam;
  }
  return fillerOrderNumber === undefined ? undefined : examOfFiller(fillerOrderNumber);
}

function uidExam(uid: string, links: CollectedLinks): string | undefined {
  return links.byUid.has(uid) ? links.byUid.only(uid) : links.accessionOfImages.get(uid);
}

function fillerExam(filler: string, links: CollectedLinks): string | undefined {
  if (links.byFiller.has(filler)) return links.byFiller.only(filler);
  const found = new Set<string>();
  for (const uid of links.uidsOfFiller.all(filler)) {
    const exam = uidExam(uid, links);
    if (exam !== undefined) found.add(exam);
  }
  if (found.size === 0) {
    for (const placer of links.placersOfFiller.all(filler)) {
      const accession = links.byPlacer.only(placer);
      // An examination that has a filler number of its own is another one under the same placer.
      if (accession !== undefined && !links.fillersOfAccession.has(accession)) found.add(accession);
    }
  }
  if (found.size > 1) return undefined;
  const [exam] = found;
  return exam ?? filler;
}
