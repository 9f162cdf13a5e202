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
  const examsByPlacer: Links = new Map();
  for (const fact of facts) {
    const exam = ownExam(fact.identifiers, links, examOfFiller);
    if (exam === undefined) continue;
    first.set(fact.id, exam);
    add(examsByPlacer, fact.identifiers.placerOrderNumber, exam);
  }
  const examOf = (fact: Fact): string | undefined => {
    const own = first.get(fact.id);
    if (own !== undefined) return own;
    const { placerOrderNumber, fillerOrderNumber } = fact.identifiers;
    if (placerOrderNumber === undefined || fillerOrderNumber !== undefined) return undefined;
    return only(examsByPlacer.get(placerOrderNumber));
  };
  return {
    examOf,
    examOfAccession: (accession) => {
      if (links.accessions.has(accession) || !links.standIns.has(accession)) return accession;
      return examOfFiller(accession) ?? accession;
    },
    isAccession: (exam) => links.accessions.has(exam) || links.imageAccessions.has(exam),
    isAmbiguousPlacer: (placer) => (examsByPlacer.get(placer)?.size ?? 0) > 1,
  };
}

type Links = Map<string, Set<string>>;

interface CollectedLinks {
  readonly accessions: ReadonlySet<string>;
  readonly imageAccessions: ReadonlySet<string>;
  /** Filler numbers of facts without accession. */
  readonly standIns: ReadonlySet<string>;
  readonly byFiller: Links;
  readonly byUid: Links;
  readonly byPlacer: Links;
  readonly fillersOfAccession: Links;
  readonly uidsOfFiller: Links;
  readonly placersOfFiller: Links;
  readonly accessionOfImages: ReadonlyMap<string, string>;
}

function collectLinks(facts: readonly Fact[], images: readonly ImagesFact[]): CollectedLinks {
  const accessions = new Set<string>();
  const standIns = new Set<string>();
  const byFiller: Links = new Map();
  const byUid: Links = new Map();
  const byPlacer: Links = new Map();
  const fillersOfAccession: Links = new Map();
  const uidsOfFiller: Links = new Map();
  const placersOfFiller: Links = new Map();
  for (const { identifiers } of facts) {
    const { accessionNumber, placerOrderNumber, fillerOrderNumber, studyInstanceUid } = identifiers;
    if (accessionNumber !== undefined) {
      accessions.add(accessionNumber);
      add(byFiller, fillerOrderNumber, accessionNumber);
      add(byUid, studyInstanceUid, accessionNumber);
      add(byPlacer, placerOrderNumber, accessionNumber);
      add(fillersOfAccession, accessionNumber, fillerOrderNumber);
    } else if (fillerOrderNumber !== undefined) {
      standIns.add(fillerOrderNumber);
      add(uidsOfFiller, fillerOrderNumber, studyInstanceUid);
      add(placersOfFiller, fillerOrderNumber, placerOrderNumber);
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
  const accessions = links.byUid.get(uid);
  return accessions === undefined ? links.accessionOfImages.get(uid) : only(accessions);
}

function fillerExam(filler: string, links: CollectedLinks): string | undefined {
  const direct = links.byFiller.get(filler);
  if (direct !== undefined) return only(direct);
  const found = new Set<string>();
  for (const uid of links.uidsOfFiller.get(filler) ?? []) {
    const exam = uidExam(uid, links);
    if (exam !== undefined) found.add(exam);
  }
  if (found.size === 0) {
    for (const placer of links.placersOfFiller.get(filler) ?? []) {
      const accession = only(links.byPlacer.get(placer));
      // An examination that has a filler number of its own is another one under the same placer.
      if (accession !== undefined && !links.fillersOfAccession.has(accession)) found.add(accession);
    }
  }
  return found.size === 0 ? filler : only(found);
}

function add(links: Links, from: string | undefined, to: string | undefined): void {
  if (from === undefined || to === undefined) return;
  const known = links.get(from);
  if (known === undefined) links.set(from, new Set([to]));
  else known.add(to);
}

function only(values: ReadonlySet<string> | undefined): string | undefined {
  if (values?.size !== 1) return undefined;
  for (const value of values) return value;
  return undefined;
}
