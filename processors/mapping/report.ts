// What only results say: status, texts, doctors, times, documents.
import type { Hl7Segment } from '../../codecs/hl7/message-view.ts';
import { LINE_STATUSES, RESULT_STATUSES, type ResultStatus } from './code-tables.ts';
import type { ReportContent } from './mapped-message.ts';
import { type Growing, type MappingDraft, plainText, put, report } from './mapping-draft.ts';
import type { MappingSettings } from './mapping-settings.ts';
import { freeText, type Observation } from './observation.ts';
import { NOBODY, type Person, readNamedPerson, readPerson } from './person.ts';
import { reportDocuments } from './report-documents.ts';
import type { SegmentGroup } from './segment-groups.ts';
import { inSiteTime } from './site-time.ts';
import { cloudDateTime, orderText, parseTimestamp } from './timestamp.ts';

export function mapReport(
  draft: MappingDraft,
  msh: Hl7Segment | undefined,
  group: SegmentGroup,
  settings: MappingSettings,
): ReportContent {
  const { obr } = group;
  const { status, rank } = resultStatus(draft, group);
  if (status !== 'withdrawn' && status !== 'refused') put(draft, 'status', status);

  const lines = group.obx.filter(({ status: code }) => !DROPPED_LINES.has(code));
  const { findings, impression } = reportTexts(lines, obr);
  const changed = siteTime(plainText(obr, 22), settings);
  if (changed === undefined && looksLikeTime(plainText(obr, 22))) {
    report(draft, 'report', 'OBR-22', 'mapping.invalid_date');
  }
  const sent = siteTime(plainText(msh, 7), settings);
  const orderedBy = changed ?? sent;
  const content: Growing<ReportContent> = {
    status,
    rank,
    orderedBy: orderedBy === undefined ? '' : orderText(orderedBy),
    findings,
    impression,
    pdfs: reportDocuments(draft, lines),
  };
  addDoctors(content, draft, group);
  if (changed !== undefined) {
    content.reportDate = cloudDateTime(changed);
    if (status === 'final') content.auditDate = content.reportDate;
  }
  return content;
}

/** OBX-11: D deletes the line; X says that there is no result to read in it. Source: HL7 table 0085. */
const DROPPED_LINES: ReadonlySet<string> = new Set(['D', 'X']);
const WRONG_PATIENT = 'W';
const WITHDRAWN: ResultStatus = { status: 'withdrawn', rank: 5 };
const FINAL: ResultStatus = { status: 'final', rank: 3 };
const PARTIAL: ResultStatus = { status: 'partial', rank: 1 };

/** OBR-25 and OBX-11; where they disagree, the weaker counts. */
function resultStatus(draft: MappingDraft, { orc, obr, obx }: SegmentGroup): ResultStatus {
  const weakest = weakestLine(draft, obx);
  if (weakest === WITHDRAWN) return WITHDRAWN;
  const code = plainText(obr, 25).toUpperCase();
  const declared = RESULT_STATUSES.get(code);
  if (declared === undefined) {
    if (code !== '') report(draft, 'status', 'OBR-25', 'mapping.unknown_code');
    const complete = plainText(orc, 5).toUpperCase() === 'CM';
    return complete && (weakest === undefined || weakest.rank >= FINAL.rank) ? FINAL : PARTIAL;
  }
  if (declared.rank >= WITHDRAWN.rank || weakest === undefined || weakest.rank >= FINAL.rank) return declared;
  return weakest.rank < declared.rank ? weakest : declared;
}

function weakestLine(draft: MappingDraft, observations: readonly Observation[]): ResultStatus | undefined {
  let weakest: ResultStatus | undefined;
  for (const { status: code } of observations) {
    if (code === '') continue;
    if (code === WRONG_PATIENT) return WITHDRAWN;
    if (DROPPED_LINES.has(code)) continue;
    const line = LINE_STATUSES.get(code);
    if (line !== undefined && (weakest === undefined || line.rank < weakest.rank)) weakest = line;
    if (line === undefined && !SILENT_LINES.has(code)) report(draft, 'report', 'OBX-11', 'mapping.unknown_code');
  }
  return weakest;
}

/** OBX-11 that says nothing of how far the text is: not asked, order detail only, amended notes. */
const SILENT_LINES: ReadonlySet<string> = new Set(['N', 'O', 'A', 'B', '""']);

function reportTexts(
  lines: readonly Observation[],
  obr: Hl7Segment | undefined,
): Pick<ReportContent, 'findings' | 'impression'> {
  const findings: string[] = [];
  const impression: string[] = [];
  for (const { kind, valueType, segment } of lines) {
    if ((kind !== 'findings' && kind !== 'impression') || valueType === 'ED') continue;
    const text = freeText(segment, 5);
    if (text !== '') (kind === 'findings' ? findings : impression).push(text);
  }
  if (findings.length === 0) {
    // Some senders write the findings where an order has its clinical information.
    const elsewhere = freeText(obr, 12) || freeText(obr, 13);
    if (elsewhere !== '') findings.push(elsewhere);
  }
  return { findings, impression };
}

/**
 * The principal interpreter (OBR-32) signs, so audits once the result is final; the report is the assistant's (OBR-33)
 * or the observer's (OBX-16), else the principal's own. Source: HL7 v2.5.1, sections 4.5.3.32 and 7.4.2.16.
 */
function addDoctors(content: Growing<ReportContent>, draft: MappingDraft, { obr, obx }: SegmentGroup): void {
  const principal = readNamedPerson(draft, 'examDoctor', obr, 32);
  const assistant = readNamedPerson(draft, 'examDoctor', obr, 33);
  let author = assistant;
  for (let at = 0; at < obx.length && author === NOBODY; at += 1)
    author = readPerson(draft, 'examDoctor', obx[at]?.segment, 16);
  if (author === NOBODY) author = principal;
  const auditor: Person = content.status === 'final' ? principal : NOBODY;
  if (author.name !== '') content.reportDoctor = author.name;
  if (author.id !== '') content.reportDoctorId = author.id;
  if (auditor.name !== '') content.auditDoctor = auditor.name;
  if (auditor.id !== '') content.auditDoctorId = auditor.id;
}

function siteTime(text: string, settings: MappingSettings) {
  const time = text === '' ? undefined : parseTimestamp(text);
  return time === undefined ? undefined : inSiteTime(time, settings.timezone);
}

/** OBR-22 holds a modality in some families: only what begins with a digit was meant as a time. */
function looksLikeTime(text: string): boolean {
  const unit = text.charCodeAt(0);
  return unit >= 48 && unit <= 57;
}
