import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { objectBytes } from '../../../simulator/hospital/dicom-object.ts';
import { type Act, writeScript } from '../../../simulator/hospital/hospital-script.ts';
import { planStudies } from '../../../simulator/hospital/study-plan.ts';

const EXPLICIT = '1.2.840.10008.1.2.1';

function sentBytes(acts: readonly Act[]): string {
  const hash = createHash('sha256');
  for (const act of acts) {
    if (act.kind === 'objects') for (const object of act.objects) hash.update(objectBytes(object, EXPLICIT));
    else if (act.kind !== 'await delivery') hash.update(act.message.bytes);
  }
  return hash.digest('hex');
}

describe('hospital: its plans', () => {
  test('hospital: the same seed sends the same bytes, another seed shares no identifier', () => {
    expect(sentBytes(writeScript(planStudies(7, 12)))).toBe(sentBytes(writeScript(planStudies(7, 12))));
    const identifiers = (seed: number) =>
      planStudies(seed, 50).flatMap((study) => [
        study.accessionNumber,
        study.placerOrderNumber,
        study.fillerOrderNumber,
        study.studyInstanceUid,
        study.patient.patientId,
        ...study.series.map((series) => series.seriesInstanceUid),
        ...study.series.flatMap((series) => series.instances.map((instance) => instance.sopInstanceUid)),
      ]);
    const all = [7, 8, 71, 2 ** 32 - 1].flatMap(identifiers);
    expect(new Set(all).size).toBe(all.length);
    for (const text of all) expect(text.length).toBeLessThanOrEqual(text.startsWith('2.25.') ? 64 : 16);
  });

  test('hospital: a study is the same however many are asked for', () => {
    expect(planStudies(7, 20).slice(0, 3)).toEqual(planStudies(7, 3));
  });

  test('hospital: five studies already bring every kind of trouble but a missing accession number', () => {
    const acts = writeScript(planStudies(1, 5));
    const studies = planStudies(1, 5);
    const kinds = studies.flatMap((study) => study.series.map((series) => series.kind));
    expect(new Set(kinds)).toEqual(new Set(['image', 'structured report', 'pdf', 'key object', 'presentation state']));
    expect(new Set(studies.map((study) => study.charset)).size).toBe(2);
    expect(new Set(studies.map((study) => study.orderMessage)).size).toBe(2);
    expect(studies.some((study) => study.orderAfterImages)).toBe(true);
    expect(studies.some((study) => study.patient.ideographic === null)).toBe(true);
    expect(studies.some((study) => study.reports.some((report) => report.resultStatus === 'C'))).toBe(true);
    const objects = acts.flatMap((act) => (act.kind === 'objects' ? act.objects.map((one) => one.sopInstanceUid) : []));
    expect(objects.length).toBeGreaterThan(new Set(objects).size);
    const waitsAt = acts.findIndex((act) => act.kind === 'await delivery');
    expect(acts.slice(waitsAt).some((act) => act.kind === 'objects')).toBe(true);
  });

  test('hospital: every planned object is sent, each late one once and after the wait', () => {
    for (const count of [1, 2, 9]) {
      const studies = planStudies(3, count);
      const sent = new Set(
        writeScript(studies).flatMap((act) =>
          act.kind === 'objects' ? act.objects.map((one) => one.sopInstanceUid) : [],
        ),
      );
      const planned = studies.flatMap((study) => study.series.flatMap((series) => series.instances));
      expect(sent).toEqual(new Set(planned.map((instance) => instance.sopInstanceUid)));
    }
  });
});
