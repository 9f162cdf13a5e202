/**
 * Groups of one message that carry the same identifiers are one order or one report: a result often spreads over several
 * OBR, one a section.
 */
import type { MappedGroup, MappedOrder, MappedReport, ReportContent } from '../mapping/mapped-message.ts';
import { factId } from './order-fact.ts';

export function combinedGroups(groups: readonly MappedGroup[]): readonly MappedGroup[] {
  if (groups.length === 1) return groups;
  const byIdentity = new Map<string, MappedGroup>();
  for (const group of groups) {
    const identity = `${group.kind} ${factId(group.identifiers)}`;
    const known = byIdentity.get(identity);
    byIdentity.set(identity, known === undefined ? group : combined(known, group));
  }
  return [...byIdentity.values()];
}

function combined(first: MappedGroup, next: MappedGroup): MappedGroup {
  const base = {
    identifiers: first.identifiers,
    // What the first group says goes before what the next says.
    fields: { ...next.fields, ...first.fields },
    deleted: [...new Set([...first.deleted, ...next.deleted])].filter(
      (field) => first.fields[field] === undefined && next.fields[field] === undefined,
    ),
    findings: [...first.findings, ...next.findings],
  };
  if (first.kind === 'report' && next.kind === 'report') {
    return { ...base, kind: 'report', report: combinedReport(first.report, next.report) } satisfies MappedReport;
  }
  const action = first.kind === 'order' && next.kind === 'order' ? lessEnding(first.action, next.action) : 'new';
  return { ...base, kind: 'order', action } satisfies MappedOrder;
}

/** While one of its procedures goes on, the order does. */
function lessEnding(a: MappedOrder['action'], b: MappedOrder['action']): MappedOrder['action'] {
  return a === 'cancel' || a === 'discontinue' ? b : a;
}

const WEAKEST_FIRST = ['withdrawn', 'registered', 'partial', 'preliminary', 'final'] as const;

/** Where they disagree, the weaker counts; a refused part says nothing. */
function combinedReport(a: ReportContent, b: ReportContent): ReportContent {
  if (a.status === 'refused') return b;
  if (b.status === 'refused') return a;
  const weaker = WEAKEST_FIRST.indexOf(a.status) <= WEAKEST_FIRST.indexOf(b.status) ? a : b;
  return {
    ...b,
    ...a,
    status: weaker.status,
    rank: weaker.rank,
    orderedBy: later(a.orderedBy, b.orderedBy),
    findings: [...a.findings, ...b.findings],
    impression: [...a.impression, ...b.impression],
    pdfs: [...a.pdfs, ...b.pdfs],
  };
}

/** Both are times as text that sorts. */
function later(a: string, b: string): string {
  return a < b ? b : a;
}
