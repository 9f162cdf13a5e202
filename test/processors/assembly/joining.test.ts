// Names at the cloud by setting, conflicts, and merges of more than two.
import { describe, expect, test } from 'vitest';
import { studyCounts, waitingStudies } from '../../../processors/assembly/assembly-view.ts';
import { assemblyBench, hospital, lastStudy, NOW_MS, PATIENT } from './assembly-bench.ts';

const X = '1.2.3.1';
const Y = '1.2.3.2';

describe('the name at the cloud', () => {
  test('is the filler number or the UID where a site says so', () => {
    const { order, images } = hospital();
    const records = [order({ accessionNumber: 'A1', fillerOrderNumber: 'F1' }), images(X, { accession: 'A1' })];
    const named = (studyId: 'filler' | 'study_uid') => {
      const bench = assemblyBench({ studyQuietMs: 0, studyId });
      bench.task.each(records);
      return lastStudy(bench)['studyId'];
    };
    expect([named('filler'), named('study_uid')]).toEqual(['F1', X]);
  });

  test('stays when a later message brings another accession', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, images } = hospital();
    const placed = { fillerOrderNumber: 'F1', studyInstanceUid: X };
    bench.task.each([images(X), order(placed), order({ ...placed, accessionNumber: 'A1' }, { at: '20260101090000' })]);
    expect(lastStudy(bench)).toMatchObject({ studyId: 'F1', accessNumber: 'A1' });
  });

  test('is never given to two studies, even when they came to know each other late', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, images } = hospital();
    bench.task.each([
      images(X, { accession: 'A1' }),
      order({ accessionNumber: 'A1' }),
      images(Y),
      order({ accessionNumber: 'A1', studyInstanceUid: Y }),
    ]);
    expect(bench.requests().map(({ cloudStudyId }) => cloudStudyId)).toEqual(['A1', Y]);
  });
});

describe('identifiers that disagree', () => {
  test('an order that names the UID is followed, and the conflict is reported', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, images } = hospital();
    bench.task.each([
      order({ accessionNumber: 'WRONG' }, { fields: { ...PATIENT, patientId: 'other', modality: 'CT' } }),
      images(X, { accession: 'WRONG' }),
      order({ accessionNumber: 'A1', studyInstanceUid: X }, { at: '20260101090000' }),
    ]);
    expect(lastStudy(bench)).toMatchObject({ accessNumber: 'A1', patientId: 'P1' });
    const findings = [...bench.studies().values()].flatMap((study) => study?.findings ?? []);
    expect(findings).toMatchObject([{ code: 'assembly.accession_conflict' }]);
  });

  test('a filler number under two accessions joins nothing by itself', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, report, images } = hospital();
    bench.task.each([
      order({ accessionNumber: 'A1', fillerOrderNumber: 'F' }),
      order({ accessionNumber: 'A2', fillerOrderNumber: 'F' }),
      images(X, { accession: 'A1' }),
      images(Y, { accession: 'A2' }),
      report({ fillerOrderNumber: 'F' }),
    ]);
    const statuses = [...bench.finalBodies().values()].map((body) => JSON.parse(body).status);
    expect(statuses).toEqual(['registered', 'registered']);
    expect(waitingStudies(bench.task.state, 'main', 'waiting_for_images', 10)).toHaveLength(1);
  });

  test('two fillers under one placer are two examinations, with or without accession', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, images } = hospital();
    bench.task.each([
      order(
        { placerOrderNumber: 'P', fillerOrderNumber: 'F1' },
        { fields: { ...PATIENT, modality: 'CT', bedNum: '1' } },
      ),
      order(
        { placerOrderNumber: 'P', fillerOrderNumber: 'F2', accessionNumber: 'A2' },
        { fields: { ...PATIENT, modality: 'CT', bedNum: '2' }, at: '20260101090000' },
      ),
      images(X, { accession: 'F1' }),
    ]);
    expect(lastStudy(bench)).toMatchObject({ accessNumber: 'F1', bedNum: '1' });
  });
});

describe('three partial studies', () => {
  test('become one by two messages, and are found by every identifier afterwards', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, report, images } = hospital();
    bench.task.each([
      report({ fillerOrderNumber: 'F' }, { status: 'preliminary', fields: {} }),
      order({ placerOrderNumber: 'P' }, { fields: { ...PATIENT, modality: 'CT' } }),
      images(X, { accession: 'A1', atMs: NOW_MS - 1 }),
      order({ placerOrderNumber: 'P', fillerOrderNumber: 'F' }, { fields: {} }),
      order({ placerOrderNumber: 'P', fillerOrderNumber: 'F', accessionNumber: 'A1' }, { fields: {} }),
      report({ fillerOrderNumber: 'F' }, { status: 'final', at: '20260101120000' }),
      order({ placerOrderNumber: 'P' }, { fields: { bedNum: '4' }, at: '20260101120000' }),
    ]);
    expect(lastStudy(bench)).toMatchObject({ accessNumber: 'A1', status: 'final', bedNum: '4', patientId: 'P1' });
    expect([...bench.studies().values()].filter((study) => study !== undefined)).toHaveLength(1);
    expect(studyCounts(bench.task.state).get('main')).toMatchObject({ sent: 1, waiting_for_images: 0 });
    expect([...bench.task.state.dossiers.range('main/')]).toHaveLength(1);
    expect([...bench.task.state.waiting.range('main/')]).toEqual([]);
  });
});
