/**
 * Dossiers as bytes. A dossier is read and written with each message of its study, so it is packed, and what one part
 * repeats of another is left out: a fact's id follows from its identifiers, the latest version is mostly the last mark.
 */
import type { TextPacker, TextUnpacker } from '../../runtime/contracts/packed-text.ts';
import { packedCodec } from '../../runtime/contracts/state-codecs.ts';
import type { StudyState } from '../../schemas/records.ts';
import type { MappedIdentifiers, MappedOrder, MappingFinding, ReportContent } from '../mapping/mapped-message.ts';
import type {
  Cause,
  Dossier,
  ImagesFact,
  ImagesSummary,
  Layer,
  OrderFact,
  ReportEntry,
  ReportFact,
  ReportText,
  ReportVersion,
  StudyEntry,
  VersionMark,
} from './dossier.ts';
import { packValues, unpackValues } from './field-values.ts';
import { factId } from './order-fact.ts';

/** The index is what is written: append only. */
const ACTIONS = [
  'new',
  'change',
  'status',
  'cancel',
  'discontinue',
] as const satisfies readonly MappedOrder['action'][];
const STATUSES = [
  'registered',
  'partial',
  'preliminary',
  'final',
  'withdrawn',
  'refused',
] as const satisfies readonly ReportContent['status'][];
const STATES = [
  'waiting_for_images',
  'waiting_for_quiet',
  'waiting_for_accession',
  'waiting_for_fields',
  'sent',
  'cancelled',
] as const satisfies readonly StudyState[];

export const dossierCodec = packedCodec<Dossier>({
  version: 1,
  write: (dossier, to) => {
    to.number(dossier.sinceMs);
    to.number(dossier.keysMade);
    to.list(dossier.orders, packOrder);
    to.list(dossier.reports, packReport);
    to.list(dossier.images, packImages);
    to.list(dossier.studies, (entry) => packEntry(entry, dossier, to));
    to.list(dossier.fresh, packCause);
  },
  read: (from) => {
    const sinceMs = from.number();
    const keysMade = from.number();
    const orders = from.list(unpackOrder);
    const reports = from.list(unpackReport);
    const images = from.list(unpackImages);
    const studies = from.list(() => unpackEntry(from, orders, reports));
    return { sinceMs, keysMade, orders, reports, images, studies, fresh: from.list(unpackCause) };
  },
});

function packOrder({ identifiers, layers, newest }: OrderFact, to: TextPacker): void {
  packIdentifiers(identifiers, to);
  to.list(layers, packLayer);
  to.text(newest.stamp);
  to.number(ACTIONS.indexOf(newest.action));
  packFindings(newest.findings, to);
}

function unpackOrder(from: TextUnpacker): OrderFact {
  const identifiers = unpackIdentifiers(from);
  const layers = from.list(unpackLayer);
  const newest = { stamp: from.text(), action: member(ACTIONS, from), findings: unpackFindings(from) };
  return { id: factId(identifiers), identifiers, layers, newest };
}

function packReport(fact: ReportFact, to: TextPacker): void {
  packIdentifiers(fact.identifiers, to);
  to.list(fact.layers, packLayer);
  to.text(fact.newest.stamp);
  packFindings(fact.newest.findings, to);
  to.list(fact.versions, packMark);
  to.number(fact.versionsDropped);
  to.boolean(fact.refused);
  const { latest } = fact;
  to.boolean(latest !== null);
  if (latest === null) return;
  const last = fact.versions.at(-1);
  const isLast = last !== undefined && isSameMark(last, latest.mark);
  to.boolean(isLast);
  if (!isLast) packMark(latest.mark, to);
  packVersion(latest, to);
}

function unpackReport(from: TextUnpacker): ReportFact {
  const identifiers = unpackIdentifiers(from);
  const layers = from.list(unpackLayer);
  const newest = { stamp: from.text(), findings: unpackFindings(from) };
  const versions = from.list(unpackMark);
  const versionsDropped = from.number();
  const refused = from.boolean();
  let latest: ReportVersion | null = null;
  if (from.boolean()) {
    const last = from.boolean() ? versions.at(-1) : undefined;
    latest = unpackVersion(last ?? unpackMark(from), from);
  }
  return { id: factId(identifiers), identifiers, layers, newest, versions, versionsDropped, latest, refused };
}

function packVersion({ status, text, pdfHashes }: ReportVersion, to: TextPacker): void {
  to.number(STATUSES.indexOf(status));
  to.texts(pdfHashes);
  to.boolean(text !== null);
  if (text === null) return;
  to.optionalText(text.findings);
  to.optionalText(text.impression);
  to.optionalText(text.reportDoctor);
  to.optionalText(text.reportDoctorId);
  to.optionalText(text.auditDoctor);
  to.optionalText(text.auditDoctorId);
  to.optionalText(text.reportDate);
  to.optionalText(text.auditDate);
}

function unpackVersion(mark: VersionMark, from: TextUnpacker): ReportVersion {
  const status = member(STATUSES, from);
  const pdfHashes = from.texts();
  if (!from.boolean()) return { mark, status, text: null, pdfHashes };
  const text: { -readonly [Part in keyof ReportText]: ReportText[Part] } = {};
  const read = (part: keyof ReportText) => {
    const value = from.optionalText();
    if (value !== undefined) text[part] = value;
  };
  read('findings');
  read('impression');
  read('reportDoctor');
  read('reportDoctorId');
  read('auditDoctor');
  read('auditDoctorId');
  read('reportDate');
  read('auditDate');
  return { mark, status, text, pdfHashes };
}

function packMark({ orderedBy, rank, stamp, hash }: VersionMark, to: TextPacker): void {
  to.text(orderedBy);
  to.number(rank);
  to.text(stamp);
  to.text(hash);
}

function unpackMark(from: TextUnpacker): VersionMark {
  return { orderedBy: from.text(), rank: from.number(), stamp: from.text(), hash: from.text() };
}

function isSameMark(a: VersionMark, b: VersionMark): boolean {
  return a.orderedBy === b.orderedBy && a.rank === b.rank && a.stamp === b.stamp && a.hash === b.hash;
}

function packImages({ studyInstanceUid, current, settled, quiet }: ImagesFact, to: TextPacker): void {
  to.text(studyInstanceUid);
  packSummary(current, to);
  to.boolean(settled !== null);
  if (settled !== null) packSummary(settled, to);
  to.boolean(quiet);
}

function unpackImages(from: TextUnpacker): ImagesFact {
  const studyInstanceUid = from.text();
  const current = unpackSummary(from);
  const settled = from.boolean() ? unpackSummary(from) : null;
  return { id: factId({ studyInstanceUid }), studyInstanceUid, current, settled, quiet: from.boolean() };
}

function packSummary(summary: ImagesSummary, to: TextPacker): void {
  const { counts } = summary;
  to.number(summary.revision);
  to.number(summary.firstEventAtMs);
  to.number(summary.lastEventAtMs);
  to.number(counts.images);
  to.number(counts.structuredReports);
  to.number(counts.doseReports);
  to.number(counts.pdfs);
  to.number(counts.keyObjects);
  to.number(counts.presentationStates);
  to.number(summary.series);
  to.number(summary.seriesWithImages);
  packValues(summary.values, to);
  packFindings(summary.findings, to);
}

function unpackSummary(from: TextUnpacker): ImagesSummary {
  return {
    revision: from.number(),
    firstEventAtMs: from.number(),
    lastEventAtMs: from.number(),
    counts: {
      images: from.number(),
      structuredReports: from.number(),
      doseReports: from.number(),
      pdfs: from.number(),
      keyObjects: from.number(),
      presentationStates: from.number(),
    },
    series: from.number(),
    seriesWithImages: from.number(),
    values: unpackValues(from),
    findings: unpackFindings(from),
  };
}

function packEntry(entry: StudyEntry, { orders, reports }: Dossier, to: TextPacker): void {
  to.text(entry.studyKey);
  to.optionalText(entry.studyInstanceUid);
  to.list(factIndices(entry, orders, reports), (index) => to.number(index));
  to.number(entry.sinceMs);
  to.number(entry.revision);
  to.number(STATES.indexOf(entry.state));
  to.texts(entry.missing);
  to.optionalText(entry.cloudStudyId);
  to.text(entry.requestedHash);
  to.boolean(entry.withdrawn);
  to.list(entry.reports, packReportEntry);
  to.texts(entry.causes);
  to.text(entry.origin.trace);
  to.number(entry.origin.atMs);
  to.text(entry.origin.position);
}

function unpackEntry(from: TextUnpacker, orders: readonly OrderFact[], reports: readonly ReportFact[]): StudyEntry {
  return {
    studyKey: from.text(),
    studyInstanceUid: from.optionalText() ?? null,
    facts: from.list(() => factAt(from.number(), orders, reports)),
    sinceMs: from.number(),
    revision: from.number(),
    state: member(STATES, from),
    missing: from.texts(),
    cloudStudyId: from.optionalText() ?? null,
    requestedHash: from.text(),
    withdrawn: from.boolean(),
    reports: from.list(unpackReportEntry),
    causes: from.texts(),
    origin: { trace: from.text(), atMs: from.number(), position: from.text() },
  };
}

/** A study without images holds orders and reports of its own dossier only. */
function factIndices(
  { facts }: StudyEntry,
  orders: readonly OrderFact[],
  reports: readonly ReportFact[],
): readonly number[] {
  const indices: number[] = [];
  for (const id of facts) {
    const order = orders.findIndex((fact) => fact.id === id);
    const report = order === -1 ? reports.findIndex((fact) => fact.id === id) : -1;
    if (order !== -1) indices.push(order);
    else if (report !== -1) indices.push(orders.length + report);
  }
  return indices;
}

function factAt(index: number, orders: readonly OrderFact[], reports: readonly ReportFact[]): string {
  const fact = orders[index] ?? reports[index - orders.length];
  if (fact === undefined) throw new RangeError('a study holds a fact that its dossier does not');
  return fact.id;
}

function packReportEntry({ reportId, told, requestedHash }: ReportEntry, to: TextPacker): void {
  to.text(reportId);
  to.boolean(told);
  to.text(requestedHash);
}

function unpackReportEntry(from: TextUnpacker): ReportEntry {
  return { reportId: from.text(), told: from.boolean(), requestedHash: from.text() };
}

function packCause({ position, trace, atMs, fact }: Cause, to: TextPacker): void {
  to.text(position);
  to.text(trace);
  to.number(atMs);
  to.text(fact);
}

function unpackCause(from: TextUnpacker): Cause {
  return { position: from.text(), trace: from.text(), atMs: from.number(), fact: from.text() };
}

function packIdentifiers(identifiers: MappedIdentifiers, to: TextPacker): void {
  to.optionalText(identifiers.accessionNumber);
  to.optionalText(identifiers.placerOrderNumber);
  to.optionalText(identifiers.fillerOrderNumber);
  to.optionalText(identifiers.studyInstanceUid);
}

function unpackIdentifiers(from: TextUnpacker): MappedIdentifiers {
  const identifiers: { -readonly [Kind in keyof MappedIdentifiers]: MappedIdentifiers[Kind] } = {};
  const read = (kind: keyof MappedIdentifiers) => {
    const value = from.optionalText();
    if (value !== undefined) identifiers[kind] = value;
  };
  read('accessionNumber');
  read('placerOrderNumber');
  read('fillerOrderNumber');
  read('studyInstanceUid');
  return identifiers;
}

function packLayer({ stamp, values }: Layer, to: TextPacker): void {
  to.text(stamp);
  packValues(values, to);
}

function unpackLayer(from: TextUnpacker): Layer {
  return { stamp: from.text(), values: unpackValues(from) };
}

/** Few messages have any. */
function packFindings(findings: readonly MappingFinding[], to: TextPacker): void {
  to.text(findings.length === 0 ? '' : JSON.stringify(findings));
}

function unpackFindings(from: TextUnpacker): readonly MappingFinding[] {
  const text = from.text();
  return text === '' ? [] : JSON.parse(text);
}

function member<Name extends string>(names: readonly Name[], from: TextUnpacker): Name {
  const name = names[from.number()];
  if (name === undefined) throw new RangeError('a packed name has no such number');
  return name;
}
