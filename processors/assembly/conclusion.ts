// Concludes a dossier after a batch: each study's snapshot, and what the cloud is to be told of it.
import type { Lineage, RecordCodec } from '../../codecs/avro/record-codec.ts';
import { MAPPING_VERSION } from '../mapping/mapped-message.ts';
import type { AssemblySettings } from './assembly-settings.ts';
import type { AssemblyContext } from './assembly-state.ts';
import { type Assessment, assess, findingsOf } from './assessment.ts';
import { chooseStudyId } from './cloud-study-id.ts';
import type { Cause, Dossier, StudyEntry } from './dossier.ts';
import { linkFacts } from './fact-links.ts';
import { reportIdOf } from './report-requests.ts';
import { type ContinuedStudy, continueStudies } from './study-entries.ts';
import { planRequests, type RequestPlan } from './study-requests.ts';
import { byHandKey, noteStanding } from './study-standing.ts';

/** Positions that one revision names; the newest when there are more. */
export const CAUSES_MAX = 256;

export interface AssessedStudy extends ContinuedStudy {
  readonly assessment: Assessment;
}

export function concludeDossier(
  site: string,
  key: string,
  dossier: Dossier,
  settings: AssemblySettings,
  codec: RecordCodec,
  context: AssemblyContext,
): void {
  const { studies, ended, keysMade } = continueStudies(key, dossier, linkFacts(dossier), context.nowMs);
  for (const entry of ended) endStudy(site, entry, dossier.fresh, context);
  const assessed = studies.map(({ linked, factIds, entry }) => {
    return { linked, factIds, entry, assessment: assess(linked, settings) };
  });
  const entries = assessed.map((study) => {
    const plan = planRequests(
      study.linked,
      study.assessment,
      study.entry,
      () => chooseStudyId(site, study, assessed, settings, context),
      settings,
    );
    return concludeStudy(site, study, plan, dossier, codec, context);
  });
  const byAge = entries.sort((a, b) => a.sinceMs - b.sinceMs || (a.studyKey < b.studyKey ? -1 : 1));
  const { sinceMs, orders, reports, images } = dossier;
  context.state.dossiers.set(key, { sinceMs, keysMade, orders, reports, images, studies: byAge, fresh: [] });
}

function concludeStudy(
  site: string,
  study: AssessedStudy,
  plan: RequestPlan,
  dossier: Dossier,
  codec: RecordCodec,
  context: AssemblyContext,
): StudyEntry {
  const { entry, assessment } = study;
  const before = dossier.studies.find(({ studyKey }) => studyKey === entry.studyKey);
  const fresh = dossier.fresh.filter(({ fact }) => study.factIds.has(fact));
  const changed =
    fresh.length > 0 ||
    plan.requests.length > 0 ||
    before === undefined ||
    before.state !== plan.state ||
    before.studyInstanceUid !== entry.studyInstanceUid ||
    before.missing.join() !== assessment.missing.join();
  if (!changed) return entry;
  const last = fresh.at(-1) ?? (before === undefined ? dossier.fresh.at(-1) : undefined);
  const causes = [...entry.causes, ...fresh.map(({ position }) => position)].slice(-CAUSES_MAX);
  // Late images are in no body until they are quiet: they are the cause of what is requested then.
  const unquiet = study.linked.images?.quiet === false ? causes.filter(isOfImages) : [];
  const answered = plan.answered || plan.requests.length > 0;
  const after: StudyEntry = {
    studyKey: entry.studyKey,
    studyInstanceUid: entry.studyInstanceUid,
    facts: entry.facts,
    sinceMs: entry.sinceMs,
    revision: entry.revision + 1,
    state: plan.state,
    missing: assessment.missing,
    cloudStudyId: plan.cloudStudyId,
    requestedHash: plan.requestedHash,
    withdrawn: plan.withdrawn,
    reports: plan.reports,
    causes: answered ? unquiet : causes,
    origin: last === undefined ? entry.origin : { trace: last.trace, atMs: last.atMs, position: last.position },
  };
  noteStanding(site, before, after, context);
  noteByHand(site, after, plan, context);
  emitSnapshot(site, study, after, fresh, codec, context);
  if (plan.requests.length > 0) {
    const told = causes.filter((position) => !unquiet.includes(position));
    emitRequests(site, after, plan, told, codec, context);
  }
  return after;
}

function emitSnapshot(
  site: string,
  { linked, assessment, entry }: AssessedStudy,
  after: StudyEntry,
  fresh: readonly Cause[],
  codec: RecordCodec,
  context: AssemblyContext,
): void {
  const identifiers = [...linked.orders, ...linked.reports].map((fact) => fact.identifiers);
  const snapshot = {
    site,
    studyKey: after.studyKey,
    revision: after.revision,
    updatedAtMs: context.nowMs,
    state: after.state,
    missing: after.missing,
    cloudStudyId: after.cloudStudyId,
    studyInstanceUid: after.studyInstanceUid,
    accessionNumbers: distinct([linked.accession, ...identifiers.map(({ accessionNumber }) => accessionNumber)]),
    placerOrderNumbers: distinct(identifiers.map(({ placerOrderNumber }) => placerOrderNumber)),
    fillerOrderNumbers: distinct(identifiers.map(({ fillerOrderNumber }) => fillerOrderNumber)),
    imagesRevision: linked.images?.current.revision ?? null,
    findings: findingsOf(linked, assessment),
    reports: assessment.reports.map((report) => ({
      reportId: reportIdOf(report, assessment.reports, entry, linked),
      status: report.latest === null ? 'refused' : report.latest.status,
      version: report.version,
    })),
    causes: fresh.map(({ position }) => position).slice(-CAUSES_MAX),
  };
  context.emit(codec.entry('studies', snapshot, lineageOf(after)));
}

function emitRequests(
  site: string,
  after: StudyEntry,
  plan: RequestPlan,
  causes: readonly string[],
  codec: RecordCodec,
  context: AssemblyContext,
): void {
  for (const { kind, reportId, body, contentHash, documentHashes } of plan.requests) {
    const request = {
      kind,
      reportId,
      body,
      contentHash,
      documentHashes,
      site,
      studyKey: after.studyKey,
      revision: after.revision,
      mappingVersion: MAPPING_VERSION,
      cloudStudyId: plan.cloudStudyId ?? '',
      createdAtMs: context.nowMs,
      originAtMs: after.origin.atMs,
      causes,
    };
    context.emit(codec.entry('cloud.requests', request, lineageOf(after)));
  }
}

function noteByHand(site: string, after: StudyEntry, plan: RequestPlan, { state, nowMs }: AssemblyContext): void {
  for (const reportId of plan.nothingByHand) {
    const key = byHandKey(site, after.studyKey, reportId);
    if (state.byHand.get(key) !== undefined) state.byHand.delete(key);
  }
  for (const reportId of plan.byHand) {
    const key = byHandKey(site, after.studyKey, reportId);
    if (state.byHand.get(key) !== undefined) continue;
    state.byHand.set(key, { cloudStudyId: after.cloudStudyId ?? '', reportId, sinceMs: nowMs });
  }
}

/** The study became one with another: its key leaves the compacted topic. Nothing was ever requested under it. */
function endStudy(site: string, entry: StudyEntry, fresh: readonly Cause[], context: AssemblyContext): void {
  noteStanding(site, entry, undefined, context);
  const last = fresh.at(-1);
  const headers = new Map([['site', site]]);
  if (last !== undefined) headers.set('trace', last.trace).set('causation', last.position);
  context.emit({ topic: 'studies', key: `${site}/${entry.studyKey}`, partitionKey: site, value: null, headers });
}

function lineageOf({ origin }: StudyEntry): Lineage {
  return origin.position === '' ? { trace: origin.trace } : { trace: origin.trace, causation: origin.position };
}

function isOfImages(position: string): boolean {
  return position.startsWith('study.images/');
}

function distinct(values: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(values.filter((value) => value !== undefined))];
}
