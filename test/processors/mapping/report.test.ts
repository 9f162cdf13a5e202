import { describe, expect, test } from 'vitest';
import { reportOf, segment } from './hl7-text.ts';

const obx = (label: string, text: string, status = 'F', type = 'TX'): string =>
  segment('OBX', { 2: type, 3: label, 5: text, 11: status });
const PDF = Buffer.from('%PDF-1.4 synthetic');

describe('mapping of results', () => {
  test.each([
    ['O', 'registered', 0],
    ['S', 'registered', 0],
    ['I', 'registered', 0],
    ['A', 'partial', 1],
    ['R', 'partial', 1],
    ['P', 'preliminary', 2],
    ['F', 'final', 3],
    ['C', 'final', 4],
    ['X', 'withdrawn', 5],
    ['Y', 'refused', 5],
    ['Z', 'refused', 5],
  ])('report: OBR-25 %s is %s of rank %d', (code, status, rank) => {
    const { report, fields } = reportOf([segment('OBR', { 25: code })]);
    expect(report).toMatchObject({ status, rank });
    expect(fields.status).toBe(status === 'withdrawn' || status === 'refused' ? undefined : status);
  });

  test.each([
    ['F', 'P', 'preliminary'],
    ['F', 'R', 'partial'],
    ['F', 'U', 'final'],
    ['P', 'F', 'preliminary'],
    ['C', 'F', 'final'],
    ['C', 'P', 'preliminary'],
    ['F', 'W', 'withdrawn'],
    ['X', 'F', 'withdrawn'],
  ])('report: of OBR-25 %s and OBX-11 %s the weaker counts: %s', (code, line, status) => {
    expect(reportOf([segment('OBR', { 25: code }), obx('GDT', 'a'), obx('IMP', 'b', line)]).report.status).toBe(status);
  });

  test('report: a correction stays a correction when its lines are final', () => {
    expect(reportOf([segment('OBR', { 25: 'C' }), obx('GDT', 'a')]).report.rank).toBe(4);
  });

  test.each([
    ['CM', 'F', 'final'],
    ['CM', '', 'final'],
    ['CM', 'P', 'partial'],
    ['IP', 'F', 'partial'],
    ['', '', 'partial'],
  ])('report: without OBR-25, ORC-5 %s and OBX-11 %s make it %s', (order, line, status) => {
    expect(reportOf([`ORC|RE||||${order}`, 'OBR|1', obx('GDT', 'a', line)]).report.status).toBe(status);
  });

  test('report: labels are known by text or code, whatever coding system they name', () => {
    const { report } = reportOf([
      'OBR|1',
      obx('1037^检查所见^LN', '甲\\.br\\乙'),
      obx('finding(s)', '丙'),
      obx('01^检查提示', '丁'),
      obx('CONCLUSION^x', '戊'),
      obx('1040^检查方法^L', '己'),
      obx('GDT', 'deleted', 'D'),
    ]);
    expect(report.findings).toEqual(['甲\n乙', '丙']);
    expect(report.impression).toEqual(['丁', '戊']);
  });

  test('report: separators that were not escaped stay in the text', () => {
    const { report } = reportOf(['OBR|1', obx('GDT', '血小板10^9/L&a~第二行')]);
    expect(report.findings).toEqual(['血小板10^9/L&a\n第二行']);
  });

  test('report: findings stand in OBR-12 or OBR-13 where no OBX has them, and are no symptom', () => {
    const inDanger = reportOf([segment('OBR', { 12: '所见' }), obx('GDT', ''), obx('IMP', 'x')]);
    expect(inDanger.report.findings).toEqual(['所见']);
    const inClinical = reportOf([segment('OBR', { 13: '所见' }), obx('IMP', 'x')]);
    expect(inClinical.report.findings).toEqual(['所见']);
    expect(inClinical.fields.symptom).toBeUndefined();
    expect(reportOf([segment('OBR', { 13: '所见' }), obx('GDT', '别的')]).report.findings).toEqual(['别的']);
  });

  test('report: it is ordered by OBR-22, else MSH-7, in the time of the site', () => {
    expect(reportOf([segment('OBR', { 22: '2026-03-05 16:19:03' })]).report.orderedBy).toBe('20260305161903');
    expect(reportOf([segment('OBR', { 22: '20260305081903.1200+0000' })]).report.orderedBy).toBe('20260305161903.1200');
    expect(reportOf([segment('OBR', { 22: 'CT' })])).toMatchObject({
      report: { orderedBy: '20260304100000' },
      findings: [],
    });
    expect(reportOf([segment('OBR', { 22: '2026-13-01' })]).findings).toEqual([
      { field: 'report', where: 'OBR-22', code: 'mapping.invalid_date' },
    ]);
  });

  test('report: the principal interpreter audits a final result, the assistant wrote it', () => {
    const doctors = { 22: '20260305', 32: 'R2&审&核乙', 33: 'R1&报告甲' };
    expect(reportOf([segment('OBR', { ...doctors, 25: 'F' })]).report).toMatchObject({
      reportDoctor: '报告甲',
      reportDoctorId: 'R1',
      auditDoctor: '审核乙',
      auditDoctorId: 'R2',
      reportDate: '2026-03-05 00:00:00',
      auditDate: '2026-03-05 00:00:00',
    });
    const preliminary = reportOf([segment('OBR', { ...doctors, 25: 'P' })]).report;
    expect(preliminary.auditDoctor).toBeUndefined();
    expect(preliminary.auditDate).toBeUndefined();
  });

  test('report: a PDF is decoded from broken base64; what is none is left out and reported', () => {
    const base64 = PDF.toString('base64');
    const broken = `${base64.slice(0, 8)}\\.br\\${base64.slice(8, 16)}\\X0D0A\\${base64.slice(16)}`;
    const good = reportOf(['OBR|1', obx('PDF', `^Application^PDF^Base64^${broken}`, 'F', 'ED')]);
    expect(good.report.pdfs.map((bytes) => Buffer.from(bytes).toString())).toEqual([PDF.toString()]);
    const none = Buffer.from('no document').toString('base64');
    const bad = reportOf(['OBR|1', obx('PDF', `^Application^PDF^Base64^${none}`, 'F', 'ED')]);
    expect(bad.report.pdfs).toEqual([]);
    expect(bad.findings).toEqual([{ field: 'report', where: 'OBX-5', code: 'mapping.invalid_document' }]);
  });

  test('report: heights and weights become metres and kilograms, and without a known unit are left out', () => {
    const measured = (label: string, value: string, unit: string) =>
      reportOf(['OBR|1', segment('OBX', { 2: 'NM', 3: `^${label}`, 5: value, 6: unit })]);
    expect(measured('Body height', '85', 'cm').fields.size).toBe('0.85');
    expect(measured('身高', '1.65', 'm').fields.size).toBe('1.65');
    expect(measured('Body Weight', '3450', 'g').fields.weight).toBe('3.45');
    const bare = measured('Body height', '172', '');
    expect(bare.fields.size).toBeUndefined();
    expect(bare.findings).toEqual([{ field: 'size', where: 'OBX-5', code: 'mapping.invalid_measure' }]);
  });
});
