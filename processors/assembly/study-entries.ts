/**
 * Which linked study continues which known one.
 *
 * Images are known by their UID. A study without images is known by the facts it held, and when images claim these, its
 * key goes on with them: the older key survives. What has been requested always has images, so its key never changes
 * and the sink can order deliveries by it. A study that nothing continues was one with another: its snapshot is
 * withdrawn from the topic.
 */
import { hash } from 'node:crypto';
import type { Dossier, StudyEntry } from './dossier.ts';
import { factIdsOf, type LinkedStudy } from './fact-links.ts';

export interface ContinuedStudy {
  readonly linked: LinkedStudy;
  readonly factIds: ReadonlySet<string>;
  readonly entry: StudyEntry;
}

export interface Continuation {
  readonly studies: readonly ContinuedStudy[];
  readonly ended: readonly StudyEntry[];
  readonly keysMade: number;
}

export function continueStudies(
  dossierKey: string,
  dossier: Dossier,
  links: readonly LinkedStudy[],
  nowMs: number,
): Continuation {
  const free = new Set(dossier.studies);
  const studies: ContinuedStudy[] = [];
  let { keysMade } = dossier;
  const take = (matches: (entry: StudyEntry) => boolean): StudyEntry | undefined => {
    for (const entry of free) {
      if (!matches(entry)) continue;
      free.delete(entry);
      return entry;
    }
    return undefined;
  };
  const known = new Map<LinkedStudy, StudyEntry>();
  for (const linked of links) {
    const uid = linked.images?.studyInstanceUid;
    const entry = uid === undefined ? undefined : take(({ studyInstanceUid }) => studyInstanceUid === uid);
    if (entry !== undefined) known.set(linked, entry);
  }
  for (const linked of links) {
    const factIds = factIdsOf(linked);
    const uid = linked.images?.studyInstanceUid ?? null;
    let entry = known.get(linked);
    // dossier.studies stands in the order of age, so the first that shares a fact is the oldest.
    if (entry === undefined || entry.cloudStudyId === null) {
      const youngerThanMs = entry?.sinceMs ?? Number.POSITIVE_INFINITY;
      const older = take(
        ({ studyInstanceUid, facts, sinceMs }) =>
          studyInstanceUid === null && sinceMs < youngerThanMs && facts.some((id) => factIds.has(id)),
      );
      if (older !== undefined && entry !== undefined) free.add(entry);
      entry = older ?? entry;
    }
    if (entry === undefined) {
      if (uid === null) keysMade += 1;
      entry = newEntry(uid ?? studyKeyOf(dossierKey, keysMade), nowMs);
    }
    const facts = uid === null ? [...factIds] : [];
    studies.push({ linked, factIds, entry: continued(entry, uid, facts) });
  }
  if (free.size === 0) return { studies, ended: [], keysMade };
  return { studies: studies.map((study) => withCausesOf(study, free)), ended: [...free], keysMade };
}

/** What led to a study that ended leads to the one that holds its facts. */
function withCausesOf(study: ContinuedStudy, ended: ReadonlySet<StudyEntry>): ContinuedStudy {
  const { entry, factIds } = study;
  const inherited: string[] = [];
  for (const { studyInstanceUid, facts, causes } of ended) {
    const continues =
      studyInstanceUid === null ? facts.some((id) => factIds.has(id)) : studyInstanceUid === entry.studyInstanceUid;
    if (continues) inherited.push(...causes);
  }
  return inherited.length === 0 ? study : { ...study, entry: { ...entry, causes: [...inherited, ...entry.causes] } };
}

/** Written out: a spread costs several times as much, and this is done for each message. */
function continued(entry: StudyEntry, studyInstanceUid: string | null, facts: readonly string[]): StudyEntry {
  return {
    studyKey: entry.studyKey,
    studyInstanceUid,
    facts,
    sinceMs: entry.sinceMs,
    revision: entry.revision,
    state: entry.state,
    missing: entry.missing,
    cloudStudyId: entry.cloudStudyId,
    requestedHash: entry.requestedHash,
    withdrawn: entry.withdrawn,
    reports: entry.reports,
    causes: entry.causes,
    origin: entry.origin,
  };
}

function newEntry(studyKey: string, sinceMs: number): StudyEntry {
  return {
    studyKey,
    studyInstanceUid: null,
    facts: [],
    sinceMs,
    revision: 0,
    state: 'waiting_for_images',
    missing: [],
    cloudStudyId: null,
    requestedHash: '',
    withdrawn: false,
    reports: [],
    causes: [],
    origin: { trace: '', atMs: 0, position: '' },
  };
}

/** No UID looks like it, and no identifier of the hospital stands in it. */
function studyKeyOf(dossierKey: string, number: number): string {
  return `order-${hash('sha256', `${dossierKey} ${number}`, 'hex').slice(0, 20)}`;
}
