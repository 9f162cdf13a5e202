/**
 * Which facts make up which study: a pure function of a dossier, so the order of arrival cannot matter.
 *
 * Images of one Study Instance UID are one study. It holds
 * - what names its UID;
 * - what names no UID and is about its examination;
 * - orders that name another UID of its examination, when it has none of its own: modalities often make their own UID,
 *   and an accession with two UIDs shares its order;
 * - reports that name a UID of its examination for which no images exist;
 * - orders under a placer that covers several examinations, to fill what the others leave empty; such reports belong
 *   to nobody, since a report at the wrong study is worse than a late one.
 * Facts that no images claim are studies that wait for images, one an examination.
 */
import type { Dossier, ImagesFact, OrderFact, ReportFact } from './dossier.ts';
import { type ExamResolution, examResolution, type Fact } from './exam-resolution.ts';
import { imageAccession } from './images-fact.ts';

export type Links = readonly LinkedStudy[];

export interface LinkedStudy {
  /** null: no images have come. */
  readonly images: ImagesFact | null;
  readonly orders: readonly OrderFact[];
  /** Orders of a placer that covers several examinations. */
  readonly sharedOrders: readonly OrderFact[];
  readonly reports: readonly ReportFact[];
  /** What accessNumber is to be, when anything says so. */
  readonly accession: string | undefined;
  readonly filler: string | undefined;
  /** The order names another accession than the images. */
  readonly accessionConflict: boolean;
  /** A placer it names covers several examinations. */
  readonly ambiguousPlacer: boolean;
}

export function linkFacts(dossier: Dossier): Links {
  const { orders, reports, images } = dossier;
  const resolution = examResolution([...orders, ...reports], images);
  if (images.length === 0) return studiesWithoutImages(dossier, NONE_CLAIMED, resolution);
  const imageUids = new Set(images.map(({ studyInstanceUid }) => studyInstanceUid));
  const studies = images.map((fact) => studyOfImages(fact, dossier, imageUids, resolution));
  const claimed = new Set<Fact>();
  for (const study of studies) {
    for (const fact of [...study.orders, ...study.sharedOrders, ...study.reports]) claimed.add(fact);
  }
  return claimed.size === orders.length + reports.length
    ? studies
    : [...studies, ...studiesWithoutImages(dossier, claimed, resolution)];
}

const NONE_CLAIMED: ReadonlySet<Fact> = new Set();

/** Ids of the facts that a study rests on. */
export function factIdsOf({ images, orders, sharedOrders, reports }: LinkedStudy): ReadonlySet<string> {
  const ids = new Set<string>();
  if (images !== null) ids.add(images.id);
  for (const fact of orders) ids.add(fact.id);
  for (const fact of sharedOrders) ids.add(fact.id);
  for (const fact of reports) ids.add(fact.id);
  return ids;
}

function studyOfImages(
  images: ImagesFact,
  { orders, reports }: Dossier,
  imageUids: ReadonlySet<string>,
  resolution: ExamResolution,
): LinkedStudy {
  const uid = images.studyInstanceUid;
  const imagesAccession = imageAccession(images.current);
  const exams = examsOfImages(images, orders, reports, resolution);
  const isAbout = (fact: Fact): boolean => {
    const exam = resolution.examOf(fact);
    return exam !== undefined && exams.has(exam);
  };
  const own = orders.filter((order) => names(order, uid) || (namesNone(order) && isAbout(order)));
  const ofOrders = own.length > 0 ? own : orders.filter((order) => !names(order, uid) && isAbout(order));
  const ofReports = reports.filter((report) => {
    const named = report.identifiers.studyInstanceUid;
    return named === uid || ((named === undefined || !imageUids.has(named)) && isAbout(report));
  });
  const placers = placersOf([...ofOrders, ...ofReports]);
  const sharedOrders = orders.filter((order) => {
    const placer = order.identifiers.placerOrderNumber;
    return (
      placer !== undefined &&
      namesNone(order) &&
      placers.has(placer) &&
      resolution.examOf(order) === undefined &&
      resolution.isAmbiguousPlacer(placer)
    );
  });
  const fromImages = imagesAccession === undefined ? undefined : resolution.examOfAccession(imagesAccession);
  return {
    images,
    orders: ofOrders,
    sharedOrders,
    reports: ofReports,
    accession: chosenAccession(exams, fromImages, ofOrders, resolution),
    filler: firstFiller(ofOrders),
    accessionConflict: fromImages !== undefined && !exams.has(fromImages),
    ambiguousPlacer: [...placers].some(resolution.isAmbiguousPlacer),
  };
}

/**
 * An order that names the UID decides, then what the images carry, then a report: the accession of images is often
 * typed, that of a report often repeats another system's number.
 */
function examsOfImages(
  images: ImagesFact,
  orders: readonly OrderFact[],
  reports: readonly ReportFact[],
  resolution: ExamResolution,
): ReadonlySet<string> {
  const uid = images.studyInstanceUid;
  const direct = orders.filter((order) => names(order, uid));
  const ordered = accessionsOf(direct);
  if (ordered.size > 0) return ordered;
  const carried = imageAccession(images.current);
  if (carried !== undefined) return new Set([resolution.examOfAccession(carried)]);
  const directReports = reports.filter((report) => names(report, uid));
  const reported = accessionsOf(directReports);
  if (reported.size > 0) return reported;
  const resolved = new Set<string>();
  for (const fact of [...direct, ...directReports]) {
    const exam = resolution.examOf(fact);
    if (exam !== undefined) resolved.add(exam);
  }
  return resolved;
}

/**
 * The images' own among several; otherwise the first by text. A filler number stands in place of a missing accession
 * only when an order gives it: a report often comes before the order that brings the accession, and a studyId once
 * delivered stays.
 */
function chosenAccession(
  exams: ReadonlySet<string>,
  fromImages: string | undefined,
  orders: readonly OrderFact[],
  resolution: ExamResolution,
): string | undefined {
  if (fromImages !== undefined && exams.has(fromImages)) return fromImages;
  const usable = [...exams].filter(
    (exam) => resolution.isAccession(exam) || orders.some(({ identifiers }) => identifiers.fillerOrderNumber === exam),
  );
  return usable.sort()[0];
}

function studiesWithoutImages(
  { orders, reports }: Dossier,
  claimed: ReadonlySet<Fact>,
  resolution: ExamResolution,
): readonly LinkedStudy[] {
  const groups = new Map<string, { readonly orders: OrderFact[]; readonly reports: ReportFact[] }>();
  const groupOf = (fact: Fact) => {
    const name = groupName(fact, resolution);
    const group = groups.get(name) ?? { orders: [], reports: [] };
    groups.set(name, group);
    return group;
  };
  for (const order of orders) if (!claimed.has(order)) groupOf(order).orders.push(order);
  for (const report of reports) if (!claimed.has(report)) groupOf(report).reports.push(report);
  return [...groups.values()].map((group) => {
    const facts = [...group.orders, ...group.reports];
    const exams = new Set(facts.map(resolution.examOf).filter((exam) => exam !== undefined));
    return {
      images: null,
      ...group,
      sharedOrders: [],
      accession: chosenAccession(exams, undefined, group.orders, resolution),
      filler: firstFiller(group.orders),
      accessionConflict: false,
      ambiguousPlacer: [...placersOf(facts)].some(resolution.isAmbiguousPlacer),
    };
  });
}

function groupName(fact: Fact, resolution: ExamResolution): string {
  const exam = resolution.examOf(fact);
  if (exam !== undefined) return `exam ${exam}`;
  const { studyInstanceUid, placerOrderNumber, fillerOrderNumber } = fact.identifiers;
  if (studyInstanceUid !== undefined) return `study ${studyInstanceUid}`;
  return fillerOrderNumber === undefined ? `placer ${placerOrderNumber}` : `filler ${fillerOrderNumber}`;
}

function names({ identifiers }: Fact, uid: string): boolean {
  return identifiers.studyInstanceUid === uid;
}

function namesNone({ identifiers }: Fact): boolean {
  return identifiers.studyInstanceUid === undefined;
}

function accessionsOf(facts: readonly Fact[]): ReadonlySet<string> {
  return new Set(facts.map(({ identifiers }) => identifiers.accessionNumber).filter((value) => value !== undefined));
}

function placersOf(facts: readonly Fact[]): ReadonlySet<string> {
  return new Set(facts.map(({ identifiers }) => identifiers.placerOrderNumber).filter((value) => value !== undefined));
}

function firstFiller(orders: readonly OrderFact[]): string | undefined {
  const fillers = orders.map(({ identifiers }) => identifiers.fillerOrderNumber).filter((value) => value !== undefined);
  return fillers.sort()[0];
}
