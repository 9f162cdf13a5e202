// What the cloud is told of a group of a message, held against EXPECTED.jsonl.
import type { ExpectedGroup } from '../processors/mapping/corpus-messages.ts';

/** A request to the cloud, its body read. */
export interface Told {
  readonly kind: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Never expected from HL7 by the corpus' README. */
const NOT_JUDGED: readonly string[] = ['scanMode', 'otherInfo', 'imageCnt', 'seriesCnt', 'reportCnt', 'pdfCnt'];

/** A field in neither `fields` nor `unscored` must be absent. */
export function fieldDeviations(
  fields: Readonly<Record<string, unknown>>,
  expected: Pick<ExpectedGroup, 'fields' | 'unscored'>,
  fromElsewhere: readonly string[] = [],
): readonly string[] {
  return [...new Set([...Object.keys(fields), ...Object.keys(expected.fields)])]
    .filter((name) => ![...NOT_JUDGED, ...fromElsewhere].includes(name) && expected.unscored[name] === undefined)
    .filter((name) => fields[name] !== expected.fields[name])
    .map((name) => `${name}: ${fields[name]} not ${expected.fields[name]}`);
}

/** Of the study's body and its report's. `fromImages`: fields that only the images brought. */
export function toldDeviations(
  group: ExpectedGroup,
  told: readonly Told[],
  fromImages: readonly string[],
): readonly string[] {
  const own = told.filter(({ body }) => body['accessNumber'] === numberOf(group));
  const studies = own.filter(({ kind }) => kind === 'study');
  const [study] = studies;
  if (study === undefined || studies.length > 1) return [`${studies.length} study bodies`];
  const deviations = [...fieldDeviations(study.body, group, fromImages)];
  const reports = own.filter(({ kind }) => kind === 'report').map(({ body }) => body);
  return [...deviations, ...reportDeviations(group, reports)];
}

/** The filler number stands in place of a missing accession. */
export function numberOf({ identifiers }: ExpectedGroup): string | undefined {
  return identifiers.accession ?? identifiers.filler;
}

function reportDeviations(
  { report: expected }: ExpectedGroup,
  reports: readonly Readonly<Record<string, unknown>>[],
): readonly string[] {
  if (expected === undefined) return reports.length === 0 ? [] : ['a report that none was sent of'];
  const wanted: Readonly<Record<string, unknown>> = {
    status: expected.status,
    findings: expected.findings.length === 0 ? undefined : expected.findings.join('\n'),
    impression: expected.impression.length === 0 ? undefined : expected.impression.join('\n'),
    pdfHash: expected.pdf[0]?.sha256,
  };
  const empty = expected.status === 'registered' && [...expected.findings, ...expected.impression].length === 0;
  if (empty) return reports.length === 0 ? [] : ['a report where there is only a registration'];
  const [report] = reports;
  if (report === undefined || reports.length > 1) return [`${reports.length} report bodies`];
  return Object.entries(wanted)
    .filter(([name, value]) => !(expected.unscored ?? []).includes(name) && report[name] !== value)
    .map(([name, value]) => `report ${name}: ${report[name]} not ${value}`);
}
