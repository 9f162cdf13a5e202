/**
 * What the reports of a study say together.
 *
 * Messages with one filler number are one report; so are all messages of a study where at most one filler number is
 * named, since preliminary results often come without. Within a report the last version decides. Between reports the
 * weakest status counts: a study with one part still preliminary is not final. A withdrawn or refused report has no
 * status; with no other, the study is `registered`.
 */
import type { CloudStudyStatus } from '../../schemas/cloud-payloads.ts';
import type { ReportFact, ReportVersion } from './dossier.ts';
import { laterVersion, versionNumber } from './report-fact.ts';

export type ReportStatus = 'registered' | 'partial' | 'preliminary' | 'final';

export interface StandingReport {
  /** undefined: no message of it names one. */
  readonly filler: string | undefined;
  readonly facts: readonly ReportFact[];
  /** null: refused, there is no content. */
  readonly latest: ReportVersion | null;
  readonly version: number;
  /** null: withdrawn or refused. */
  readonly status: ReportStatus | null;
}

const WEAKEST_FIRST = ['registered', 'partial', 'preliminary', 'final'] as const satisfies readonly ReportStatus[];

export function standingReports(facts: readonly ReportFact[]): readonly StandingReport[] {
  if (facts.length === 0) return [];
  const fillers = new Set<string>();
  for (const { identifiers } of facts) {
    if (identifiers.fillerOrderNumber !== undefined) fillers.add(identifiers.fillerOrderNumber);
  }
  if (fillers.size <= 1) {
    const [filler] = fillers;
    return [standingReport(filler, facts)];
  }
  const named = [...fillers].sort().map((filler) =>
    standingReport(
      filler,
      facts.filter(({ identifiers }) => identifiers.fillerOrderNumber === filler),
    ),
  );
  const unnamed = facts.filter(({ identifiers }) => identifiers.fillerOrderNumber === undefined);
  return unnamed.length === 0 ? named : [...named, standingReport(undefined, unnamed)];
}

export function studyStatus(reports: readonly StandingReport[]): CloudStudyStatus {
  const present = new Set(reports.map(({ status }) => status));
  return WEAKEST_FIRST.find((status) => present.has(status)) ?? 'registered';
}

function standingReport(filler: string | undefined, facts: readonly ReportFact[]): StandingReport {
  let latest: ReportVersion | null = null;
  for (const fact of facts) latest = laterVersion(latest, fact.latest);
  const status = latest === null || latest.status === 'withdrawn' || latest.status === 'refused' ? null : latest.status;
  return { filler, facts, latest, version: versionNumber(facts), status };
}
