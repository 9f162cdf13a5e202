/**
 * Reports as facts: versions in the report's own order, and the content of the last.
 *
 * Versions are ordered by OBR-22 (else MSH-7), then by the rank of the status, never by arrival; the message's time,
 * its control id and the content settle the rest. A version is a change: the same content again is none, a correction
 * (C) is one even when its text is the same, since its rank is part of the content.
 */
import { hash } from 'node:crypto';
import type { MappedReport, ReportContent } from '../mapping/mapped-message.ts';
import type { ReportFact, ReportText, ReportVersion, VersionMark } from './dossier.ts';
import { fieldValues } from './field-values.ts';
import { withLayer } from './message-layer.ts';
import { FINDINGS_MAX, factId } from './order-fact.ts';

/** Marks kept a fact; what is older only counts. */
export const VERSIONS_MAX = 64;
/** Characters of one report's text. Longer ones are delivered without it, and a finding says so. */
export const REPORT_TEXT_CHARACTERS_MAX = 1_000_000;

export interface ReportSettings {
  readonly reportDelivery: boolean;
}

export function withReport(
  known: ReportFact | undefined,
  group: MappedReport,
  stamp: string,
  settings: ReportSettings,
): ReportFact {
  const { report, identifiers } = group;
  const base = known ?? emptyReport(group);
  const findings = group.findings.slice(0, FINDINGS_MAX);
  // OBR-25 Y and Z: the filler knows no such order or patient. Such a message reports nothing, nor whom it is about.
  if (report.status === 'refused') {
    const newest = stamp >= base.newest.stamp ? refusal(stamp, findings) : base.newest;
    return { ...base, newest, refused: true };
  }
  const { version, tooLong } = versionOf(report, stamp, settings);
  if (tooLong) findings.push({ field: 'report', where: 'OBX-5', code: 'assembly.report_text_too_long' });
  return mergedReport(base, {
    id: factId(identifiers),
    identifiers,
    layers: withLayer([], { stamp, values: fieldValues(group.fields, group.deleted) }),
    newest: { stamp, findings },
    versions: [version.mark],
    versionsDropped: 0,
    latest: version,
    refused: false,
  });
}

/** Two facts of the same identifiers. */
export function mergedReport(a: ReportFact, b: ReportFact): ReportFact {
  const { versions, dropped } = mergedVersions(a.versions, b.versions);
  return {
    id: a.id,
    identifiers: a.identifiers,
    layers: b.layers.reduce(withLayer, a.layers),
    newest: b.newest.stamp >= a.newest.stamp ? b.newest : a.newest,
    versions,
    versionsDropped: a.versionsDropped + b.versionsDropped + dropped,
    latest: laterVersion(a.latest, b.latest),
    refused: a.refused || b.refused,
  };
}

/** How many changes the versions of these facts hold; 1 for the first. */
export function versionNumber(facts: readonly ReportFact[]): number {
  const marks =
    facts.length === 1 ? (facts[0]?.versions ?? []) : facts.flatMap(({ versions }) => versions).sort(byMark);
  let changes = 0;
  let last: string | undefined;
  for (const mark of marks) {
    if (mark.hash !== last) changes += 1;
    last = mark.hash;
  }
  return facts.reduce((sum, { versionsDropped }) => sum + versionsDropped, changes);
}

export function laterVersion(a: ReportVersion | null, b: ReportVersion | null): ReportVersion | null {
  if (a === null) return b;
  if (b === null) return a;
  return byMark(a.mark, b.mark) >= 0 ? a : b;
}

function emptyReport({ identifiers }: MappedReport): ReportFact {
  return {
    id: factId(identifiers),
    identifiers,
    layers: [],
    newest: { stamp: '', findings: [] },
    versions: [],
    versionsDropped: 0,
    latest: null,
    refused: false,
  };
}

function refusal(stamp: string, findings: ReportFact['newest']['findings']): ReportFact['newest'] {
  return { stamp, findings: [...findings, { field: 'report', where: 'OBR-25', code: 'assembly.report_refused' }] };
}

function versionOf(report: ReportContent, stamp: string, settings: ReportSettings) {
  const text = reportText(report);
  const tooLong = (text.findings?.length ?? 0) + (text.impression?.length ?? 0) > REPORT_TEXT_CHARACTERS_MAX;
  const pdfHashes = report.pdfs.map((pdf) => hash('sha256', pdf, 'hex'));
  const content = JSON.stringify([report.rank, report.status, text, pdfHashes]);
  const { findings, impression, ...rest } = text;
  const version: ReportVersion = {
    mark: { orderedBy: report.orderedBy, rank: report.rank, stamp, hash: hash('sha256', content, 'hex').slice(0, 32) },
    status: report.status,
    text: settings.reportDelivery ? (tooLong ? rest : text) : null,
    pdfHashes,
  };
  return { version, tooLong: tooLong && settings.reportDelivery };
}

function reportText(report: ReportContent): ReportText {
  const { reportDoctor, reportDoctorId, auditDoctor, auditDoctorId, reportDate, auditDate } = report;
  const findings = report.findings.join('\n');
  const impression = report.impression.join('\n');
  const text: { -readonly [Part in keyof ReportText]: ReportText[Part] } = {};
  if (findings !== '') text.findings = findings;
  if (impression !== '') text.impression = impression;
  if (reportDoctor !== undefined) text.reportDoctor = reportDoctor;
  if (reportDoctorId !== undefined) text.reportDoctorId = reportDoctorId;
  if (auditDoctor !== undefined) text.auditDoctor = auditDoctor;
  if (auditDoctorId !== undefined) text.auditDoctorId = auditDoctorId;
  if (reportDate !== undefined) text.reportDate = reportDate;
  if (auditDate !== undefined) text.auditDate = auditDate;
  return text;
}

function mergedVersions(a: readonly VersionMark[], b: readonly VersionMark[]) {
  const [last, [first]] = [a.at(-1), b];
  // The first version of all, or the last one again.
  if (last === undefined && b.length === 1) return { versions: b, dropped: 0 };
  if (last !== undefined && first !== undefined && b.length === 1 && byMark(last, first) === 0) {
    return { versions: a, dropped: 0 };
  }
  return collapsed([...a, ...b]);
}

/** Of a run of equal contents the first and the last are kept: whatever comes between two marks later is counted right. */
function collapsed(marks: readonly VersionMark[]) {
  const sorted = [...marks].sort(byMark);
  const kept = sorted.filter((mark, at) => {
    const before = sorted[at - 1];
    if (before !== undefined && byMark(before, mark) === 0) return false;
    return before?.hash !== mark.hash || sorted[at + 1]?.hash !== mark.hash;
  });
  let dropped = 0;
  while (kept.length > VERSIONS_MAX) {
    const first = kept.shift();
    if (first?.hash !== kept[0]?.hash) dropped += 1;
  }
  return { versions: kept, dropped };
}

function byMark(a: VersionMark, b: VersionMark): number {
  if (a.orderedBy !== b.orderedBy) return a.orderedBy < b.orderedBy ? -1 : 1;
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (a.stamp !== b.stamp) return a.stamp < b.stamp ? -1 : 1;
  if (a.hash !== b.hash) return a.hash < b.hash ? -1 : 1;
  return 0;
}
