/**
 * A dossier: all that was said under identifiers that touch one another, and the studies that came of it.
 *
 * It holds facts, not conclusions. A fact merges with an earlier one by the sender's own order (message time, report
 * time), never by arrival, so a dossier is the same whatever order its records came in. Which fact belongs to which
 * study is worked out anew from all facts (`fact-links.ts`): nothing is split or moved when a later message shows two
 * studies to be one, or one number to cover several.
 *
 * `dossier-codec.ts` writes every part of it: what is added here is added there.
 */
import type { InstanceCounts, StudyState } from '../../schemas/records.ts';
import type { MappedIdentifiers, MappedOrder, MappingFinding, ReportContent } from '../mapping/mapped-message.ts';
import type { FieldValues } from './field-values.ts';

export interface Dossier {
  /** When its first record came; the older of two dossiers survives a merge. */
  readonly sinceMs: number;
  /** How many keys were made for studies without images, so that none is made twice. */
  readonly keysMade: number;
  readonly orders: readonly OrderFact[];
  readonly reports: readonly ReportFact[];
  readonly images: readonly ImagesFact[];
  readonly studies: readonly StudyEntry[];
  /** The records since the last conclusion. */
  readonly fresh: readonly Cause[];
}

/** A record that led to something. */
export interface Cause {
  /** `topic/partition/offset` */
  readonly position: string;
  readonly trace: string;
  /** When it was received, ms. */
  readonly atMs: number;
  /** Id of the fact it changed. */
  readonly fact: string;
}

/** What the messages with exactly these identifiers said of an order. */
export interface OrderFact {
  readonly id: string;
  readonly identifiers: MappedIdentifiers;
  readonly layers: readonly Layer[];
  readonly newest: {
    readonly stamp: string;
    readonly action: MappedOrder['action'];
    readonly findings: readonly MappingFinding[];
  };
}

/** What the messages with exactly these identifiers said in a report. */
export interface ReportFact {
  readonly id: string;
  readonly identifiers: MappedIdentifiers;
  readonly layers: readonly Layer[];
  readonly newest: { readonly stamp: string; readonly findings: readonly MappingFinding[] };
  /** Ascending; of a run of equal contents the first and the last. */
  readonly versions: readonly VersionMark[];
  /** Changes that are no longer in `versions`. */
  readonly versionsDropped: number;
  /** The content of the last version. */
  readonly latest: ReportVersion | null;
  /** A message refused the report: it holds nothing. */
  readonly refused: boolean;
}

/** One message's fields, as far as no newer one of the same fact speaks of them. */
export interface Layer {
  readonly stamp: string;
  readonly values: FieldValues;
}

/** A report's place in its order, and what it says as a hash. */
export interface VersionMark {
  readonly orderedBy: string;
  readonly rank: number;
  readonly stamp: string;
  readonly hash: string;
}

export interface ReportVersion {
  readonly mark: VersionMark;
  readonly status: ReportContent['status'];
  /** null where reports are not delivered: then nobody reads it. */
  readonly text: ReportText | null;
  /** SHA-256 of each PDF. */
  readonly pdfHashes: readonly string[];
}

/** The part of a report's payload that its message brings. */
export interface ReportText {
  readonly findings?: string;
  readonly impression?: string;
  readonly reportDoctor?: string;
  readonly reportDoctorId?: string;
  readonly auditDoctor?: string;
  readonly auditDoctorId?: string;
  readonly reportDate?: string;
  readonly auditDate?: string;
}

/** The images of one Study Instance UID. */
export interface ImagesFact {
  readonly id: string;
  readonly studyInstanceUid: string;
  readonly current: ImagesSummary;
  /** What the last quiet found, while `current` is not quiet. */
  readonly settled: ImagesSummary | null;
  readonly quiet: boolean;
}

/** A snapshot of images, as far as the assembly needs it. */
export interface ImagesSummary {
  readonly revision: number;
  readonly firstEventAtMs: number;
  readonly lastEventAtMs: number;
  readonly counts: InstanceCounts;
  readonly series: number;
  readonly seriesWithImages: number;
  readonly values: FieldValues;
  readonly findings: readonly MappingFinding[];
}

/** A study as the outside knows it. */
export interface StudyEntry {
  readonly studyKey: string;
  /** null while no images have come. */
  readonly studyInstanceUid: string | null;
  /** Without images: the facts it holds, by which it is known again. */
  readonly facts: readonly string[];
  readonly sinceMs: number;
  /** Of the last snapshot; requests carry it too. */
  readonly revision: number;
  readonly state: StudyState;
  readonly missing: readonly string[];
  readonly cloudStudyId: string | null;
  /** Of the study's last requested body; '' when none was, or when it was withdrawn since. */
  readonly requestedHash: string;
  /** The study was withdrawn and not sent since. */
  readonly withdrawn: boolean;
  readonly reports: readonly ReportEntry[];
  /** Records that the next request rests on; empty once it is made. */
  readonly causes: readonly string[];
  /** The last record that led here. */
  readonly origin: { readonly trace: string; readonly atMs: number; readonly position: string };
}

/** What the cloud was told of a report. */
export interface ReportEntry {
  readonly reportId: string;
  /** The study was requested with this report's status. */
  readonly told: boolean;
  /** Of the last requested report body; '' when none was. */
  readonly requestedHash: string;
}

export const EMPTY_DOSSIER: Omit<Dossier, 'sinceMs'> = {
  keysMade: 0,
  orders: [],
  reports: [],
  images: [],
  studies: [],
  fresh: [],
};
