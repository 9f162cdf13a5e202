// What a study is just now: its fields, its state, and what it still lacks.
import { CLASS_A_FIELDS, type CloudStudyStatus } from '../../schemas/cloud-payloads.ts';
import type { MappingFinding as SnapshotFinding, StudyState } from '../../schemas/records.ts';
import type { AssemblySettings } from './assembly-settings.ts';
import type { ImagesSummary } from './dossier.ts';
import type { LinkedStudy } from './fact-links.ts';
import { MAPPED_FIELDS } from './field-sources.ts';
import { instanceCount, settledImages } from './images-fact.ts';
import { orderStanding } from './order-standing.ts';
import { type StandingReport, standingReports, studyStatus } from './report-standing.ts';
import { missingFields } from './study-body.ts';
import { evidenceOf, type StudyFields, someFields, studyFields } from './study-fields.ts';

/** Findings of one snapshot. */
const FINDINGS_MAX = 64;

const CLASS_A_OF_SOURCES = MAPPED_FIELDS.filter((field) => CLASS_A_FIELDS.some((needed) => needed === field));

export interface Assessment {
  /** Without regard to what was requested: `sent` means that nothing is in the way. */
  readonly state: StudyState;
  readonly missing: readonly string[];
  /** Worked out when it is asked for: most messages come before the images. */
  readonly fields: () => StudyFields;
  /** The images that may be sent; null until they have been quiet once. */
  readonly images: ImagesSummary | null;
  readonly reports: readonly StandingReport[];
  readonly status: CloudStudyStatus;
  readonly cancelled: boolean;
  /** What is to become the cloud's studyId, when it is free. */
  readonly wantedStudyId: string | undefined;
}

export function assess(linked: LinkedStudy, settings: AssemblySettings): Assessment {
  const images = linked.images === null ? null : settledImages(linked.images);
  const orders = orderStanding(linked.orders);
  const reports = standingReports(linked.reports);
  const evidence = evidenceOf(linked, orders, reports, images ?? linked.images?.current ?? null);
  const missing = missingFields(someFields(evidence, CLASS_A_OF_SOURCES), linked.accession);
  return {
    state: orders.cancelled ? 'cancelled' : waitingState(linked, images, missing),
    missing,
    fields: () => studyFields(evidence),
    images,
    reports,
    status: studyStatus(reports),
    cancelled: orders.cancelled,
    wantedStudyId: wantedStudyId(linked, settings),
  };
}

export function findingsOf(linked: LinkedStudy, { reports }: Assessment): readonly SnapshotFinding[] {
  const found: SnapshotFinding[] = [];
  for (const { newest } of [...linked.orders, ...linked.sharedOrders, ...linked.reports])
    found.push(...newest.findings);
  if (linked.images !== null) found.push(...linked.images.current.findings);
  if (linked.accessionConflict) {
    found.push({ field: 'accessNumber', where: '(0008,0050)', code: 'assembly.accession_conflict' });
  }
  if (linked.ambiguousPlacer) {
    found.push({ field: 'accessNumber', where: 'ORC-2', code: 'assembly.ambiguous_placer' });
  }
  if (reports.some(({ latest }) => (latest?.pdfHashes.length ?? 0) > 1)) {
    found.push({ field: 'report', where: 'OBX-5', code: 'assembly.several_documents' });
  }
  if (reports.some(({ facts }) => facts.some(({ versionsDropped }) => versionsDropped > 0))) {
    found.push({ field: 'report', where: 'OBR-25', code: 'assembly.many_versions' });
  }
  if (found.length === 0) return found;
  const distinct = new Map(found.map((finding) => [`${finding.field} ${finding.where} ${finding.code}`, finding]));
  return [...distinct.values()].slice(0, FINDINGS_MAX);
}

function waitingState(linked: LinkedStudy, images: ImagesSummary | null, missing: readonly string[]): StudyState {
  if (linked.images === null) return 'waiting_for_images';
  if (images === null) return 'waiting_for_quiet';
  if (missing.includes('accessNumber')) return 'waiting_for_accession';
  return missing.length > 0 ? 'waiting_for_fields' : 'sent';
}

function wantedStudyId(linked: LinkedStudy, settings: AssemblySettings): string | undefined {
  switch (settings.studyId) {
    case 'study_uid':
      return linked.images?.studyInstanceUid;
    case 'filler':
      return linked.filler ?? linked.accession;
    default:
      return linked.accession;
  }
}

export function hasImages(linked: LinkedStudy): boolean {
  return linked.images !== null && instanceCount(linked.images.current.counts) > 0;
}
