// Reports, their versions and documents; what is withdrawn and how.
import { describe, expect, test } from 'vitest';
import { withdrawalsByHand } from '../../../processors/assembly/assembly-view.ts';
import { decoded } from '../task-harness.ts';
import { assemblyBench, codec, emittedOn, hospital, lastStudy, orderGroup, reportGroup } from './assembly-bench.ts';

const A1 = { accessionNumber: 'A1' };
const X = '1.2.3.1';
const NOON = '20260101120000';

function lastReport(bench: ReturnType<typeof assemblyBench>): Record<string, unknown> {
  return JSON.parse(bench.requests().findLast(({ kind }) => kind === 'report')?.body ?? '{}');
}

describe('a report', () => {
  test('goes after its study, with its text joined by line', () => {
    const bench = assemblyBench({ studyQuietMs: 0, reportDelivery: true });
    const { order, images, report } = hospital();
    bench.task.batch([report({ ...A1, fillerOrderNumber: 'F' }), order(A1), images(X, { accession: 'A1' })]);
    expect(bench.requests().map(({ kind, reportId }) => [kind, reportId])).toEqual([
      ['study', null],
      ['report', 'F'],
    ]);
    expect(lastReport(bench)).toEqual({
      reportId: 'F',
      studyId: 'A1',
      accessNumber: 'A1',
      status: 'final',
      version: 1,
      findings: 'lungs clear\nsecond line',
      impression: 'normal',
      reportDoctor: '李医生',
    });
  });

  test('is not requested, and its text not kept, where no report call is configured', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, images, report } = hospital();
    bench.task.each([order(A1), images(X, { accession: 'A1' }), report(A1, { pdfs: ['%PDF-1'] })]);
    expect(bench.requests().every(({ kind }) => kind === 'study')).toBe(true);
    expect(emittedOn(bench.task.emitted, 'documents')).toEqual([]);
    expect(lastStudy(bench)['pdfCnt']).toBe(0);
    expect(JSON.stringify([...bench.task.state.dossiers.range('main/')])).not.toContain('lungs');
  });

  test('counts a version for each change, whatever order they come in', () => {
    const { order, images, report } = hospital();
    const reports = [
      report(A1, { status: 'preliminary', at: '20260101080000' }),
      report(A1, { status: 'final', at: '20260101090000' }),
      report(A1, { status: 'final', at: '20260101093000' }),
      report(A1, { status: 'final', at: '20260101100000', correction: true, text: 'nodule' }),
    ];
    for (const arrival of [reports, reports.toReversed()]) {
      const bench = assemblyBench({ studyQuietMs: 0, reportDelivery: true });
      bench.task.each([order(A1), images(X, { accession: 'A1' }), ...arrival]);
      expect(lastReport(bench)).toMatchObject({ version: 3, status: 'final', findings: 'nodule\nsecond line' });
      expect(lastStudy(bench)['status']).toBe('final');
    }
  });

  test('puts its PDF into documents once and names it by its hash', () => {
    const bench = assemblyBench({ studyQuietMs: 0, reportDelivery: true });
    const { order, images, report } = hospital();
    const pdfs = ['%PDF-1'];
    bench.task.each([
      order(A1),
      images(X, { accession: 'A1', pdfs: 2 }),
      report(A1, { status: 'preliminary', pdfs }),
      report(A1, { status: 'final', pdfs, at: NOON }),
    ]);
    const documents = emittedOn(bench.task.emitted, 'documents').map((entry) => decoded(codec, 'documents', entry));
    expect(documents).toHaveLength(1);
    expect(Buffer.from(documents[0]?.content ?? []).toString()).toBe('%PDF-1');
    expect(lastReport(bench)['pdfHash']).toBe(documents[0]?.hash);
    expect(bench.requests().at(-1)?.documentHashes).toEqual([documents[0]?.hash]);
    expect(lastStudy(bench)['pdfCnt']).toBe(3);
  });

  test('with another still preliminary beside it leaves the study preliminary', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, images, report } = hospital();
    bench.task.each([
      order(A1),
      images(X, { accession: 'A1' }),
      report({ ...A1, fillerOrderNumber: 'F1' }, { status: 'final', at: NOON }),
      report({ ...A1, fillerOrderNumber: 'F2' }, { status: 'preliminary' }),
    ]);
    expect(lastStudy(bench)['status']).toBe('preliminary');
  });

  test('in several groups of one message is one report, as weak as its weakest part', () => {
    const bench = assemblyBench({ studyQuietMs: 0, reportDelivery: true });
    const { message, order, images } = hospital();
    const parts = [reportGroup(A1, { text: 'chest' }), reportGroup(A1, { text: 'head', status: 'preliminary' })];
    bench.task.each([order(A1), images(X, { accession: 'A1' }), message(parts)]);
    expect(lastReport(bench)).toMatchObject({
      version: 1,
      status: 'preliminary',
      findings: 'chest\nsecond line\nhead\nsecond line',
    });
  });

  test('that is refused reports nothing and changes nothing', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, images, report } = hospital();
    bench.task.each([
      order(A1),
      images(X, { accession: 'A1' }),
      report(A1, { status: 'final' }),
      report(A1, { status: 'refused', at: NOON, fields: { patientId: 'other' } }),
    ]);
    expect(lastStudy(bench)).toMatchObject({ status: 'final', patientId: 'P1' });
    expect([...bench.studies().values()][0]?.findings).toMatchObject([{ code: 'assembly.report_refused' }]);
  });
});

describe('a withdrawn report', () => {
  for (const withdrawalDelivery of [true, false]) {
    test(`never leaves the study final, the deletion call ${withdrawalDelivery ? 'on' : 'off'}`, () => {
      const bench = assemblyBench({ studyQuietMs: 0, reportDelivery: true, withdrawalDelivery });
      const { order, images, report } = hospital();
      bench.task.each([
        order(A1),
        images(X, { accession: 'A1' }),
        report(A1),
        report(A1, { status: 'withdrawn', at: NOON, fields: { patientName: '别人' } }),
      ]);
      expect(lastStudy(bench)).toMatchObject({ status: 'registered', patientName: '张三' });
      const withdrawals = bench.requests().filter(({ kind }) => kind === 'withdrawal');
      expect(withdrawals.map(({ body }) => JSON.parse(body))).toEqual([{ studyId: 'A1', reportId: 'A1' }]);
      const listed = withdrawalsByHand(bench.task.state, 'main', 10);
      expect(listed.map(({ cloudStudyId, reportId }) => [cloudStudyId, reportId])).toEqual(
        withdrawalDelivery ? [] : [['A1', 'A1']],
      );
      bench.task.each([report(A1, { status: 'final', at: '20260101130000' })]);
      expect(lastStudy(bench)['status']).toBe('final');
      expect(lastReport(bench)).toMatchObject({ version: 3, status: 'final' });
      expect(withdrawalsByHand(bench.task.state, 'main', 10)).toEqual([]);
    });
  }

  test('that the cloud never had is not withdrawn there', () => {
    const bench = assemblyBench({ studyQuietMs: 0, reportDelivery: true, withdrawalDelivery: true });
    const { order, images, report } = hospital();
    bench.task.each([order(A1), report(A1), report(A1, { status: 'withdrawn', at: NOON })]);
    bench.task.each([images(X, { accession: 'A1' })]);
    expect(bench.requests().map(({ kind }) => kind)).toEqual(['study']);
    expect(lastStudy(bench)['status']).toBe('registered');
  });

  test('stays withdrawn when an older final comes late', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, images, report } = hospital();
    bench.task.each([
      order(A1),
      images(X, { accession: 'A1' }),
      report(A1, { status: 'withdrawn', at: NOON }),
      report(A1, { status: 'final', at: '20260101110000' }),
    ]);
    expect(lastStudy(bench)['status']).toBe('registered');
  });

  test('that turns out to be of another examination is withdrawn where it was delivered', () => {
    const bench = assemblyBench({ studyQuietMs: 0, reportDelivery: true, withdrawalDelivery: true });
    const { order, images, report } = hospital();
    bench.task.each([
      order({ ...A1, placerOrderNumber: 'P' }),
      images(X, { accession: 'A1' }),
      report({ placerOrderNumber: 'P' }),
    ]);
    expect(lastStudy(bench)['status']).toBe('final');
    bench.task.each([order({ accessionNumber: 'A2', placerOrderNumber: 'P' })]);
    expect(lastStudy(bench)['status']).toBe('registered');
    expect(bench.requests().at(-1)).toMatchObject({ kind: 'withdrawal', reportId: 'A1' });
  });
});

describe('a cancelled order', () => {
  test('that was never delivered is not sent', () => {
    const bench = assemblyBench({ studyQuietMs: 0, withdrawalDelivery: true });
    const { order, images } = hospital();
    bench.task.each([order(A1), order(A1, { action: 'cancel', at: NOON }), images(X, { accession: 'A1' })]);
    expect(bench.requests()).toEqual([]);
    expect(bench.studies().get([...bench.studies().keys()].at(-1) ?? '')?.state).toBe('cancelled');
  });

  test('that was delivered is withdrawn once, and sent again when it stands again', () => {
    const bench = assemblyBench({ studyQuietMs: 0, reportDelivery: true, withdrawalDelivery: true });
    const { order, images, report } = hospital();
    bench.task.each([order(A1), images(X, { accession: 'A1' }), report(A1), order(A1, { action: 'cancel', at: NOON })]);
    bench.task.each([order(A1, { action: 'cancel', at: '20260101120001' })]);
    expect(bench.requests().map(({ kind }) => kind)).toEqual(['study', 'study', 'report', 'withdrawal']);
    expect(JSON.parse(bench.requests().at(-1)?.body ?? '')).toEqual({ studyId: 'A1' });
    bench.task.each([order(A1, { action: 'change', at: '20260101130000' })]);
    expect(
      bench
        .requests()
        .slice(-2)
        .map(({ kind, cloudStudyId }) => [kind, cloudStudyId]),
    ).toEqual([
      ['study', 'A1'],
      ['report', 'A1'],
    ]);
  });

  test('that was delivered is sent as registered and listed by hand where no deletion call is configured', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, images, report } = hospital();
    bench.task.each([order(A1), images(X, { accession: 'A1' }), report(A1), order(A1, { action: 'cancel', at: NOON })]);
    expect(lastStudy(bench)['status']).toBe('registered');
    expect(bench.requests().at(-1)).toMatchObject({ kind: 'withdrawal', reportId: null });
    expect(withdrawalsByHand(bench.task.state, 'main', 10)).toMatchObject([{ cloudStudyId: 'A1', reportId: null }]);
    bench.task.each([order(A1, { action: 'change', at: '20260101130000' })]);
    expect(lastStudy(bench)['status']).toBe('final');
    expect(withdrawalsByHand(bench.task.state, 'main', 10)).toEqual([]);
  });

  test('takes back only itself while another order of the study stands', () => {
    const bench = assemblyBench({ studyQuietMs: 0, withdrawalDelivery: true });
    const { message, order, images } = hospital();
    const placed = (placerOrderNumber: string) => ({ ...A1, placerOrderNumber });
    bench.task.each([
      message([orderGroup(placed('P1')), orderGroup(placed('P2'))]),
      images(X, { accession: 'A1' }),
      order(placed('P1'), { action: 'cancel', at: NOON }),
    ]);
    expect(bench.requests().map(({ kind }) => kind)).toEqual(['study']);
    bench.task.each([order(placed('P2'), { action: 'discontinue', at: NOON })]);
    expect(bench.requests().map(({ kind }) => kind)).toEqual(['study', 'withdrawal']);
  });
});
