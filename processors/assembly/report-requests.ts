// What the cloud is to be told of a study's reports.
import type { ReportPayload } from '../../schemas/cloud-payloads.ts';
import type { AssemblySettings } from './assembly-settings.ts';
import type { Assessment } from './assessment.ts';
import type { ReportEntry, StudyEntry } from './dossier.ts';
import type { LinkedStudy } from './fact-links.ts';
import { hashOf, type PlannedRequest, withdrawal } from './planned-request.ts';
import type { ReportStatus, StandingReport } from './report-standing.ts';
import type { StudyIdChoice } from './study-requests.ts';

export interface ReportPlan {
  readonly requests: readonly PlannedRequest[];
  readonly entries: readonly ReportEntry[];
  readonly byHand: readonly string[];
  readonly nothingByHand: readonly string[];
  /** Of the reports that are delivered with this study. */
  readonly pdfs: number;
}

export function planReports(
  linked: LinkedStudy,
  { reports, cancelled }: Assessment,
  entry: StudyEntry,
  choice: StudyIdChoice,
  settings: AssemblySettings,
): ReportPlan {
  // A cancelled study is withdrawn as a whole; its reports are asked about again when it stands again.
  if (cancelled) return { requests: [], entries: entry.reports, byHand: [], nothingByHand: [], pdfs: 0 };
  const requests: PlannedRequest[] = [];
  const entries = new Map(entry.reports.map((known) => [known.reportId, known]));
  const byHand: string[] = [];
  const standing: string[] = [];
  let pdfs = 0;
  for (const report of reports) {
    const reportId = reportIdOf(report, reports, entry, linked);
    if (report.latest === null || report.status === null) continue;
    standing.push(reportId);
    const known = entries.get(reportId) ?? { reportId, told: false, requestedHash: '' };
    const delivered = settings.reportDelivery && isDeliveredHere(report, linked, choice);
    const request = delivered ? reportRequest(reportId, report, report.status, linked, choice) : undefined;
    if (request !== undefined) {
      pdfs += request.documentHashes.length;
      if (request.contentHash !== known.requestedHash) requests.push(request);
    }
    entries.set(reportId, {
      reportId,
      told: known.told || report.status !== 'registered',
      requestedHash: request?.contentHash ?? known.requestedHash,
    });
  }
  // What was told and stands no longer: withdrawn, or found to belong to another study.
  for (const known of entries.values()) {
    if (standing.includes(known.reportId)) continue;
    entries.delete(known.reportId);
    if (!known.told && known.requestedHash === '') continue;
    requests.push(withdrawal({ studyId: choice.cloudStudyId, reportId: known.reportId }));
    if (!settings.withdrawalDelivery) byHand.push(known.reportId);
  }
  return { requests, entries: [...entries.values()], byHand, nothingByHand: standing, pdfs };
}

/** The number under which the first message of it was told stays, as a studyId does. */
export function reportIdOf(
  { filler }: StandingReport,
  reports: readonly StandingReport[],
  entry: StudyEntry,
  { accession, images }: LinkedStudy,
): string {
  const [known] = entry.reports;
  if (reports.length === 1 && entry.reports.length === 1 && known !== undefined) return known.reportId;
  return filler ?? accession ?? images?.studyInstanceUid ?? '';
}

function isDeliveredHere({ facts }: StandingReport, { images }: LinkedStudy, choice: StudyIdChoice): boolean {
  return (
    choice.carriesSharedReports ||
    facts.some(({ identifiers }) => identifiers.studyInstanceUid === images?.studyInstanceUid)
  );
}

function reportRequest(
  reportId: string,
  { latest, version }: StandingReport,
  status: ReportStatus,
  { accession }: LinkedStudy,
  { cloudStudyId }: StudyIdChoice,
): PlannedRequest | undefined {
  const text = latest?.text ?? {};
  const [pdfHash] = latest?.pdfHashes ?? [];
  const { findings, impression, reportDoctor, reportDoctorId, auditDoctor, auditDoctorId, reportDate, auditDate } =
    text;
  // An order that is only registered has no report yet.
  if (status === 'registered' && findings === undefined && impression === undefined && pdfHash === undefined) {
    return undefined;
  }
  const payload: { [Field in keyof ReportPayload]: ReportPayload[Field] | undefined } = {
    reportId,
    studyId: cloudStudyId,
    accessNumber: accession ?? '',
    status,
    version,
    findings,
    impression,
    reportDoctor,
    reportDoctorId,
    auditDoctor,
    auditDoctorId,
    reportDate,
    auditDate,
    pdfHash,
  };
  const body = JSON.stringify(payload);
  return {
    kind: 'report',
    reportId,
    body,
    contentHash: hashOf(body),
    documentHashes: pdfHash === undefined ? [] : [pdfHash],
  };
}
