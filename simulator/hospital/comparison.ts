// Compares what the cloud ended with against the expectation, study by study, and lays it out as a table.
import type { JsonObject } from '../json-value.ts';
import type { CloudStudy } from './cloud-reader.ts';
import type { ExpectedStudy } from './expectation.ts';

export interface Row {
  readonly studyId: string;
  readonly expected: ExpectedStudy;
  /** The cloud's values of the expected fields; null when it has no such study. */
  readonly cloud: JsonObject | null;
  /** Names of what differs; `study` when it is missing. */
  readonly differences: readonly string[];
  readonly equal: boolean;
}

export function compareStudy(expected: ExpectedStudy, cloud: CloudStudy | undefined): Row {
  const differences =
    cloud === undefined ? ['study'] : [...fieldDifferences(expected, cloud), ...reportDifferences(expected, cloud)];
  return {
    studyId: expected.studyId,
    expected,
    cloud:
      cloud === undefined
        ? null
        : Object.fromEntries(Object.keys(expected.fields).map((name) => [name, cloud.body[name] ?? null])),
    differences,
    equal: differences.length === 0,
  };
}

function fieldDifferences(expected: ExpectedStudy, cloud: CloudStudy): readonly string[] {
  return Object.entries(expected.fields).flatMap(([name, value]) => {
    const seen = cloud.body[name];
    const equal = name === 'patientName' ? sameName(String(value), seen) : seen === value;
    return equal ? [] : [name];
  });
}

/** No source says how the parts of a Latin name are joined, so spaces do not count in one. */
function sameName(expected: string, seen: unknown): boolean {
  if (typeof seen !== 'string') return false;
  return /^[\x20-\x7e]*$/.test(expected)
    ? seen.replaceAll(' ', '') === expected.replaceAll(' ', '')
    : seen === expected;
}

function reportDifferences(expected: ExpectedStudy, cloud: CloudStudy): readonly string[] {
  const { report } = expected;
  if (report === null) return [];
  const [only, ...more] = cloud.reports;
  if (only === undefined) return ['report'];
  if (more.length > 0) return ['number of reports'];
  const { body } = only;
  return [
    ...(body['status'] === report.status ? [] : ['report status']),
    ...(body['findings'] === report.findings ? [] : ['findings']),
    ...(body['impression'] === report.impression ? [] : ['impression']),
    ...(only.hasPdf === report.carriesPdf ? [] : ['report PDF']),
  ];
}

/** Lines of a table; hanzi take two columns of a terminal. */
export function tableOf(rows: readonly Row[]): readonly string[] {
  const cells = [
    ['study', 'name', 'sent', 'at the cloud', ''],
    ...rows.map((row) => [
      row.studyId,
      String(row.expected.fields['patientName'] ?? ''),
      summaryOf(row.expected.fields),
      row.cloud === null ? 'nothing' : summaryOf(row.cloud),
      row.equal ? 'equal' : `differs: ${row.differences.join(', ')}`,
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((line) => columnsOf(line[column] ?? ''))));
  return cells.map((line) =>
    line
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - columnsOf(cell))))
      .join('  ')
      .trimEnd(),
  );
}

function summaryOf(fields: JsonObject): string {
  const { imageCnt, seriesCnt, reportCnt, pdfCnt, modality, status } = fields;
  const shown = (value: unknown) => (value === null || value === undefined ? '-' : String(value));
  return `${shown(modality)} ${shown(imageCnt)} images ${shown(seriesCnt)} series ${shown(reportCnt)} SR ${shown(pdfCnt)} PDF ${shown(status)}`;
}

function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += (character.codePointAt(0) ?? 0) >= 0x2e80 ? 2 : 1;
  return columns;
}
