import { describe, expect, test } from 'vitest';
import { compareStudy, tableOf } from '../../../simulator/hospital/comparison.ts';
import { dicomObject } from '../../../simulator/hospital/dicom-object.ts';
import { type AcceptedItem, expectedStudies } from '../../../simulator/hospital/expectation.ts';
import { planStudies, type StudyPlan } from '../../../simulator/hospital/study-plan.ts';

const [first, second] = planStudies(11, 2);
if (first === undefined || second === undefined) throw new Error('two studies were asked for');

const objectsOf = (study: StudyPlan): readonly AcceptedItem[] =>
  study.series.flatMap((series) =>
    series.instances.map(
      (instance): AcceptedItem => ({ kind: 'object', study, object: dicomObject(study, series, instance) }),
    ),
  );
const reportsOf = (study: StudyPlan): readonly AcceptedItem[] =>
  study.reports.map((report) => ({ kind: 'report', study, report }));

describe('hospital: what it expects of the cloud', () => {
  test('expectation: repeated objects change no count, and key objects and presentation states are in none', () => {
    const once = expectedStudies(objectsOf(first), true);
    expect(expectedStudies([...objectsOf(first), ...objectsOf(first)], true)).toEqual(once);
    const images = first.series.filter((series) => series.kind === 'image');
    expect(once[0]?.fields).toMatchObject({
      imageCnt: images.reduce((sum, series) => sum + series.instances.length, 0),
      seriesCnt: first.series.length,
      reportCnt: first.series.filter((series) => series.kind === 'structured report').length,
      pdfCnt: first.series.filter((series) => series.kind === 'pdf').length,
      status: 'registered',
    });
  });

  test('expectation: the latest report by its own time counts, whichever came last', () => {
    const orders = [reportsOf(second), reportsOf(second).toReversed()];
    for (const reports of orders) {
      const [study] = expectedStudies([...objectsOf(second), ...reports], true);
      expect(study?.fields['status']).toBe('final');
      expect(study?.report?.findings).not.toContain('初步');
    }
  });

  test('expectation: a study without an object is not expected', () => {
    expect(expectedStudies([{ kind: 'order', study: first }, ...reportsOf(first)], true)).toEqual([]);
  });

  test('comparison: each wrong field and each wrong part of the report is named', () => {
    const [expected] = expectedStudies(
      [{ kind: 'order', study: first }, ...objectsOf(first), ...reportsOf(first)],
      true,
    );
    if (expected === undefined || expected.report === null) throw new Error('a study with a report is expected');
    const { carriesPdf: hasPdf, ...report } = expected.report;
    const right = { body: expected.fields, reports: [{ body: report, hasPdf }] };
    expect(compareStudy(expected, right)).toMatchObject({ equal: true, differences: [] });
    for (const name of Object.keys(expected.fields)) {
      const wrong = { ...right, body: { ...expected.fields, [name]: 'other' } };
      expect(compareStudy(expected, wrong).differences).toEqual([name]);
    }
    const withReport = (...reports: (typeof right)['reports']) =>
      compareStudy(expected, { ...right, reports }).differences;
    expect(withReport()).toEqual(['report']);
    expect(withReport(...right.reports, ...right.reports)).toEqual(['number of reports']);
    expect(withReport({ body: { ...report, findings: 'x', status: 'partial' }, hasPdf })).toEqual([
      'report status',
      'findings',
    ]);
    expect(withReport({ body: report, hasPdf: !hasPdf })).toEqual(['report PDF']);
    const missing = compareStudy(expected, undefined);
    expect(missing).toMatchObject({ equal: false, cloud: null, differences: ['study'] });
    expect(tableOf([missing]).at(-1)).toMatch(/nothing +differs: study$/);
  });
});
