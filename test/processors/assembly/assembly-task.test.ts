// The assembly's rules, one by one.
import { describe, expect, test } from 'vitest';
import { studyCounts, waitingStudies } from '../../../processors/assembly/assembly-view.ts';
import { decoded } from '../task-harness.ts';
import { assemblyBench, codec, emittedOn, hospital, lastStudy, NOW_MS, PATIENT, QUIET_MS } from './assembly-bench.ts';

const A1 = { accessionNumber: 'A1' };
const X = '1.2.3.1';
const Y = '1.2.3.2';

describe('a study that is due', () => {
  test('is sent once images have come and none has for the quiet time', () => {
    const bench = assemblyBench();
    const { order, images } = hospital();
    bench.task.each([order(A1), images(X, { accession: 'A1', modality: 'MR' })]);
    bench.task.advance(QUIET_MS - 1);
    expect(bench.requests()).toEqual([]);
    bench.task.advance(1);
    expect(bench.requests()).toHaveLength(1);
    expect(lastStudy(bench)).toEqual({
      ...PATIENT,
      studyId: 'A1',
      accessNumber: 'A1',
      modality: 'MR',
      studyDate: '2026-01-02 00:00:00',
      studyCategory: 'normal',
      applyDept: '内科',
      status: 'registered',
      studyUid: X,
      imageCnt: 3,
      seriesCnt: 1,
      reportCnt: 1,
      pdfCnt: 0,
      equipment: 'SCANNER',
    });
  });

  test('has its fields in the order of the payload', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, images } = hospital();
    bench.task.each([order(A1), images(X, { accession: 'A1' })]);
    expect(Object.keys(lastStudy(bench)).slice(0, 6)).toEqual([
      'patientId',
      'patientName',
      'patientSex',
      'studyId',
      'accessNumber',
      'modality',
    ]);
  });

  test('waits anew for each image that changes the set, and not for a repeat', () => {
    const bench = assemblyBench();
    const { order, images } = hospital();
    const first = images(X, { accession: 'A1' });
    bench.task.each([order(A1), first]);
    bench.task.advance(QUIET_MS / 2);
    bench.task.each([images(X, { accession: 'A1', images: 4, atMs: NOW_MS + QUIET_MS / 2 }), first]);
    bench.task.advance(QUIET_MS / 2);
    expect(bench.requests()).toEqual([]);
    bench.task.advance(QUIET_MS / 2);
    expect(lastStudy(bench)['imageCnt']).toBe(4);
  });

  test('is sent again for a late image after another quiet time, and at once for a report', () => {
    const bench = assemblyBench();
    const { order, images, report } = hospital();
    bench.task.each([order(A1), images(X, { accession: 'A1' })]);
    bench.task.advance(QUIET_MS);
    bench.task.each([images(X, { accession: 'A1', images: 4, atMs: bench.task.nowMs })]);
    expect(bench.requests()).toHaveLength(1);
    bench.task.each([report(A1, { at: '20260101090000' })]);
    expect(lastStudy(bench)).toMatchObject({ status: 'final', imageCnt: 3 });
    bench.task.advance(QUIET_MS);
    expect(lastStudy(bench)).toMatchObject({ status: 'final', imageCnt: 4 });
    expect(bench.requests().map(({ revision }) => revision)).toEqual([
      ...new Set(bench.requests().map(({ revision }) => revision)),
    ]);
    expect(bench.requests()).toHaveLength(3);
  });

  test('is not sent again when nothing it says has changed', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, images } = hospital();
    bench.task.each([order(A1), images(X, { accession: 'A1' }), order(A1), images(X, { accession: 'A1' })]);
    expect(bench.requests()).toHaveLength(1);
  });

  test('names the records each revision rests on, in the request those since the one before', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, images, report } = hospital();
    const records = [order(A1), images(X, { accession: 'A1' }), report(A1)];
    bench.task.each(records);
    expect(bench.requests().map(({ causes }) => causes)).toEqual([
      ['hl7.messages/0/1', 'study.images/0/2'],
      ['hl7.messages/0/3'],
    ]);
    const causes = emittedOn(bench.task.emitted, 'studies').flatMap((entry) => decoded(codec, 'studies', entry).causes);
    expect(causes).toEqual(['hl7.messages/0/1', 'study.images/0/2', 'hl7.messages/0/3']);
    const last = emittedOn(bench.task.emitted, 'cloud.requests').at(-1);
    expect(last?.headers.get('causation')).toBe('hl7.messages/0/3');
  });

  test('is concluded once a commit, however many records it came in', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, images, report } = hospital();
    bench.task.batch([order(A1), images(X, { accession: 'A1' }), report(A1)]);
    expect(bench.requests()).toHaveLength(1);
    expect(emittedOn(bench.task.emitted, 'studies')).toHaveLength(1);
  });

  test('goes on after a restart where it stopped', () => {
    const bench = assemblyBench();
    const { order, images, report } = hospital();
    bench.task.each([order(A1), images(X, { accession: 'A1' })]);
    bench.task.restart();
    bench.task.advance(QUIET_MS);
    bench.task.restart();
    bench.task.each([report(A1)]);
    expect(bench.requests().map(({ studyKey }) => studyKey)).toEqual(Array(2).fill(bench.requests()[0]?.studyKey));
    expect(lastStudy(bench)['status']).toBe('final');
  });
});

describe('a study that waits', () => {
  test('waits for images with its order alone, and with its report', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, report } = hospital();
    bench.task.each([order(A1), report(A1)]);
    expect(bench.requests()).toEqual([]);
    expect([...bench.studies().values()].map((study) => study?.state)).toEqual(['waiting_for_images']);
  });

  test('waits for a class A field, visibly, and goes as soon as a message brings it', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, images } = hospital();
    bench.task.each([images(X, { accession: 'A1' }), order(A1, { fields: { patientId: 'P1', modality: 'CT' } })]);
    expect(bench.requests()).toEqual([]);
    expect(waitingStudies(bench.task.state, 'main', 'waiting_for_fields', 10)).toMatchObject([
      { studyKey: X, missing: ['patientName', 'patientSex'] },
    ]);
    bench.task.each([order(A1, { fields: PATIENT, at: '20260101090000' })]);
    expect(lastStudy(bench)).toMatchObject({ ...PATIENT, modality: 'CT' });
    expect(waitingStudies(bench.task.state, 'main', 'waiting_for_fields', 10)).toEqual([]);
    expect(studyCounts(bench.task.state).get('main')).toMatchObject({ sent: 1, waiting_for_fields: 0 });
  });

  test('waits for an accession number from anywhere', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, report, images } = hospital();
    const uid = { studyInstanceUid: X };
    bench.task.each([images(X), order({ ...uid, placerOrderNumber: 'P' }), report({ ...uid, fillerOrderNumber: 'F' })]);
    expect([...bench.studies().values()].map((study) => study?.state)).toEqual(['waiting_for_accession']);
    bench.task.each([order({ placerOrderNumber: 'P', accessionNumber: 'A1' }, { at: '20260101090000' })]);
    expect(lastStudy(bench)).toMatchObject({ studyId: 'A1', accessNumber: 'A1', status: 'final' });
  });

  test('takes the filler number of an order in place of a missing accession', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, images } = hospital();
    bench.task.each([images(X), order({ fillerOrderNumber: 'F', studyInstanceUid: X })]);
    expect(lastStudy(bench)).toMatchObject({ studyId: 'F', accessNumber: 'F' });
  });

  test('finds its order by a filler number that the images carry as accession', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, images } = hospital();
    bench.task.each([images(X, { accession: 'F' }), order({ fillerOrderNumber: 'F', placerOrderNumber: 'P' })]);
    expect(lastStudy(bench)).toMatchObject({ studyId: 'F', accessNumber: 'F', applyDept: '内科' });
  });
});

describe('two partial studies', () => {
  test('become one when a message carries both identifiers, and the older key survives', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, report, images } = hospital();
    bench.task.each([order({ placerOrderNumber: 'P' })]);
    bench.task.nowMs += 1;
    bench.task.each([images(X, { accession: 'A1' })]);
    const [older] = bench.studies().keys();
    expect(bench.studies().size).toBe(2);
    bench.task.each([report({ placerOrderNumber: 'P', accessionNumber: 'A1' }, { fields: {} })]);
    expect([...bench.studies()].filter(([, study]) => study !== undefined).map(([key]) => key)).toEqual([older]);
    expect(lastStudy(bench)).toMatchObject({ studyId: 'A1', applyDept: '内科', status: 'final' });
    expect(studyCounts(bench.task.state).get('main')).toMatchObject({ sent: 1, waiting_for_images: 0 });
  });

  test('keep the key under which the cloud was asked, since deliveries are ordered by it', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, report, images } = hospital();
    bench.task.each([order({ placerOrderNumber: 'P' })]);
    bench.task.nowMs += 1;
    bench.task.each([images(X, { accession: 'A1' }), report(A1, { fields: { ...PATIENT, modality: 'CT' } })]);
    const requestedUnder = bench.requests()[0]?.studyKey;
    bench.task.each([report({ placerOrderNumber: 'P', accessionNumber: 'A1' })]);
    expect(new Set(bench.requests().map(({ studyKey }) => studyKey))).toEqual(new Set([requestedUnder]));
    expect(lastStudy(bench)['applyDept']).toBe('内科');
    expect(bench.requests().at(-1)?.causes).toEqual(['hl7.messages/0/1', 'hl7.messages/0/4']);
  });

  test('stay two when a placer number covers both, and share what holds for the whole order', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, report, images } = hospital();
    bench.task.each([
      order({ placerOrderNumber: 'P' }),
      images(X, { accession: 'A1', modality: 'CT' }),
      images(Y, { accession: 'A2', modality: 'MR' }),
      report({ placerOrderNumber: 'P', accessionNumber: 'A1' }, { fields: {} }),
      report({ placerOrderNumber: 'P', accessionNumber: 'A2' }, { fields: {}, status: 'preliminary' }),
      report({ placerOrderNumber: 'P' }, { fields: {}, status: 'partial', at: '20260101120000' }),
    ]);
    const last = (studyId: string) => JSON.parse(bench.finalBodies().get(`main study ${studyId} `) ?? '{}');
    expect(last('A1')).toMatchObject({ studyUid: X, status: 'final', applyDept: '内科' });
    expect(last('A2')).toMatchObject({ studyUid: Y, status: 'preliminary', applyDept: '内科' });
    expect(bench.studies().get(`main/${X}`)?.findings ?? []).toEqual(
      expect.arrayContaining([expect.objectContaining({ code: 'assembly.ambiguous_placer' })]),
    );
  });

  test('never meet across sites, whatever they share', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, report, images } = hospital();
    bench.task.each([
      order(A1, { site: 'north' }),
      images(X, { accession: 'A1', site: 'north' }),
      images(X, { accession: 'A1', site: 'south', images: 9, modality: 'MR' }),
      report(A1, { site: 'south', fields: { ...PATIENT, patientId: 'S9' } }),
    ]);
    const bodies = [...bench.finalBodies()].map(([key, body]) => [key, JSON.parse(body)]);
    expect(bodies).toMatchObject([
      ['north study A1 ', { patientId: 'P1', status: 'registered', imageCnt: 3 }],
      ['south study A1 ', { patientId: 'S9', status: 'final', imageCnt: 9 }],
    ]);
  });
});

describe('an accession with two Study Instance UIDs', () => {
  test('is two cloud studies that share the order; the second is named by its UID', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, images } = hospital();
    bench.task.each([order(A1), images(X, { accession: 'A1' }), images(Y, { accession: 'A1', images: 7 })]);
    const bodies = [...bench.finalBodies().values()].map((body) => JSON.parse(body));
    expect(bodies).toMatchObject([
      { studyId: 'A1', accessNumber: 'A1', studyUid: X, imageCnt: 3, applyDept: '内科' },
      { studyId: Y, accessNumber: 'A1', studyUid: Y, imageCnt: 7, applyDept: '内科' },
    ]);
  });

  test('gives the accession to the study whose images began first, when neither was sent', () => {
    const bench = assemblyBench();
    const { order, images } = hospital();
    bench.task.batch([
      images(Y, { accession: 'A1', firstAtMs: NOW_MS - 10 }),
      images(X, { accession: 'A1', firstAtMs: NOW_MS - 20 }),
      order(A1),
    ]);
    bench.task.advance(QUIET_MS);
    expect(
      bench
        .requests()
        .map(({ cloudStudyId }) => cloudStudyId)
        .sort(),
    ).toEqual([Y, 'A1'].sort());
    expect(JSON.parse(bench.finalBodies().get('main study A1 ') ?? '{}')).toMatchObject({ studyUid: X });
  });

  test('delivers a report of the whole examination once, and its status to both', () => {
    const bench = assemblyBench({ studyQuietMs: 0, reportDelivery: true });
    const { order, report, images } = hospital();
    bench.task.each([order(A1), images(X, { accession: 'A1' }), images(Y, { accession: 'A1' }), report(A1)]);
    const reports = bench.requests().filter(({ kind }) => kind === 'report');
    expect(reports.map(({ cloudStudyId }) => cloudStudyId)).toEqual(['A1']);
    const statuses = [...bench.finalBodies()].filter(([key]) => key.includes(' study '));
    expect(statuses.map(([, body]) => JSON.parse(body).status)).toEqual(['final', 'final']);
  });

  test('leaves an order that names another UID to that one, and shares it when a modality made its own', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, images } = hospital();
    bench.task.each([
      order({ ...A1, studyInstanceUid: X }, { fields: { ...PATIENT, modality: 'CT', applyDept: 'one' } }),
      images(Y, { accession: 'A1' }),
    ]);
    expect(lastStudy(bench)).toMatchObject({ studyUid: Y, applyDept: 'one' });
    bench.task.each([
      order(
        { ...A1, studyInstanceUid: Y },
        { fields: { ...PATIENT, modality: 'CT', applyDept: 'two' }, at: '20250101' },
      ),
    ]);
    expect(lastStudy(bench)).toMatchObject({ studyUid: Y, applyDept: 'two' });
  });
});

describe('fields', () => {
  test('a change replaces what the older message said, whichever came first', () => {
    const { order, images } = hospital();
    const records = [
      order(A1, { fields: { ...PATIENT, modality: 'CT', bedNum: '1', phoneNum: '13800138000' }, at: '20260101080000' }),
      order(A1, { fields: { bedNum: '2' }, deleted: ['phoneNum'], action: 'change', at: '20260101090000' }),
      images(X, { accession: 'A1' }),
    ];
    for (const arrival of [records, records.toReversed()]) {
      const bench = assemblyBench({ studyQuietMs: 0 });
      bench.task.each(arrival);
      expect(lastStudy(bench)['bedNum']).toBe('2');
      expect(lastStudy(bench)).not.toHaveProperty('phoneNum');
    }
  });

  test('a deletion in an order takes back what an earlier report brought, and a later report brings it again', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, report, images } = hospital();
    bench.task.each([
      images(X, { accession: 'A1' }),
      report(A1, { fields: { ...PATIENT, phoneNum: '13800138000' }, at: '20260101080000' }),
      order(A1, { fields: { ...PATIENT, modality: 'CT' }, deleted: ['phoneNum'], at: '20260101090000' }),
    ]);
    expect(lastStudy(bench)).not.toHaveProperty('phoneNum');
    bench.task.each([report(A1, { fields: { phoneNum: '13900139000' }, at: '20260101100000' })]);
    expect(lastStudy(bench)['phoneNum']).toBe('13900139000');
  });

  test('diagnosis, symptom, allergies and requirement are of orders only', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, report, images } = hospital();
    const clinical = { diagnosis: 'd', symptom: 's', allergies: 'a', studyRequirement: 'r' };
    bench.task.each([order(A1), images(X, { accession: 'A1' }), report(A1, { fields: clinical })]);
    expect(Object.keys(lastStudy(bench))).not.toEqual(expect.arrayContaining(['diagnosis']));
    bench.task.each([order(A1, { fields: clinical })]);
    expect(lastStudy(bench)).toMatchObject(clinical);
  });

  test('the age is that at the study, not at the request', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, images } = hospital();
    const fields = { ...PATIENT, modality: 'CT', patientBirthday: '2024-01-02', patientAge: '23', patientAgeUnit: 'M' };
    bench.task.each([order(A1, { fields }), images(X, { accession: 'A1' })]);
    expect(lastStudy(bench)).toMatchObject({ patientAge: '2', patientAgeUnit: 'Y' });
  });

  test('counts follow the settings', () => {
    const bench = assemblyBench({ studyQuietMs: 0, imageCountHoldsReports: true });
    const { order, images } = hospital();
    bench.task.each([order(A1), images(X, { accession: 'A1', images: 3, pdfs: 2 })]);
    expect(lastStudy(bench)).toMatchObject({ imageCnt: 6, reportCnt: 1, pdfCnt: 2 });
  });
});
