import { describe, expect, test } from 'vitest';
import { groupsOf, orderOf, reportOf, segment } from './hl7-text.ts';

const PID = 'PID|1||P1||张三||19800101|M';

describe('mapping of visit, order and study', () => {
  test.each([
    ['I', 'inpatientNum', 'normal'],
    ['住院', 'inpatientNum', 'normal'],
    ['O', 'clinicNum', 'normal'],
    ['E', 'clinicNum', 'emergency'],
    ['急诊', 'clinicNum', 'emergency'],
    ['T', 'healthScreenNum', 'normal'],
  ])('visit: PV1-2 %s makes PV1-19 the %s, of category %s', (patientClass, field, category) => {
    const { fields } = orderOf([
      PID,
      segment('PV1', { 2: patientClass, 3: '骨科^12^03', 19: 'V1^2' }),
      'ORC|NW',
      'OBR|1',
    ]);
    expect(fields).toMatchObject({ [field]: 'V1', studyCategory: category });
    expect(fields.inpatientWard).toBe(field === 'inpatientNum' ? '骨科' : undefined);
    expect(fields.bedNum).toBe(field === 'inpatientNum' ? '03' : undefined);
    expect(fields.applyDept).toBeUndefined();
  });

  test('visit: PID-18 and then the PID-3 repetition of that kind stand in for PV1-19', () => {
    const pid = segment('PID', { 3: 'O1^^^^Outpatient~N1^^^^PatientNO', 18: 'A1' });
    expect(orderOf([pid, 'PV1|1|I', 'ORC|NW', 'OBR|1']).fields.inpatientNum).toBe('A1');
    const bare = segment('PID', { 3: 'O1^^^^Outpatient~N1^^^^PatientNO' });
    expect(orderOf([bare, 'PV1|1|I', 'ORC|NW', 'OBR|1']).fields.inpatientNum).toBe('N1');
    expect(orderOf([bare, 'PV1|1|E', 'ORC|NW', 'OBR|1']).fields.clinicNum).toBe('O1');
  });

  test('visit: an unknown patient class is reported and fills nothing', () => {
    const { fields, findings } = orderOf([PID, segment('PV1', { 2: 'Q', 19: 'V1' }), 'ORC|NW', 'OBR|1']);
    expect(Object.values(fields)).not.toContain('V1');
    expect(findings).toEqual([{ field: 'studyCategory', where: 'PV1-2', code: 'mapping.unknown_code' }]);
  });

  test('study: priority in ORC-7.6 or TQ1-9 makes an emergency, and without class and priority it is normal', () => {
    const category = (segments: readonly string[]) => orderOf([PID, ...segments]).fields.studyCategory;
    expect(category(['ORC|NW||||||^^^^^S', 'OBR|1'])).toBe('emergency');
    expect(category(['ORC|NW', 'TQ1|1||||||||A^ASAP', 'OBR|1'])).toBe('emergency');
    expect(category(['ORC|NW||||||^^^^^R', 'OBR|1'])).toBe('normal');
    expect(category(['ORC|NW', 'OBR|1'])).toBe('normal');
  });

  test('study: the accession is OBR-18, else IPC-1, else the filler number, which is no accession among the identifiers', () => {
    const all = ['ORC|NW|P1^HIS|F1^RIS', segment('OBR', { 2: 'P2', 18: 'A1' }), 'IPC|A2'];
    expect(orderOf(all)).toMatchObject({
      fields: { accessNumber: 'A1', hisNum: 'P1' },
      identifiers: { accessionNumber: 'A1' },
    });
    expect(orderOf(['ORC|NW', 'OBR|1|P2', 'IPC|A2']).fields).toMatchObject({ accessNumber: 'A2', hisNum: 'P2' });
    const filler = orderOf(['ORC|NW|P1|F1', 'OBR|1']);
    expect(filler.fields.accessNumber).toBe('F1');
    expect(filler.identifiers).toEqual({ placerOrderNumber: 'P1', fillerOrderNumber: 'F1' });
  });

  test('study: a modality is taken only where it is a DICOM code; otherwise OBR-24 is a department', () => {
    expect(orderOf(['ORC|NW', segment('OBR', { 24: 'ct' })]).fields).toMatchObject({ modality: 'CT' });
    expect(orderOf(['ORC|NW', segment('OBR', { 22: 'MR', 24: '放射科' })]).fields).toMatchObject({
      modality: 'MR',
      examDept: '放射科',
    });
    expect(orderOf(['ORC|NW', segment('OBR', { 22: '20260304', 24: 'RAD' })]).fields).toMatchObject({
      examDeptId: 'RAD',
    });
    const planned = orderOf(['ORC|NW', 'OBR|1', segment('IPC', { 5: 'XYZ' })]);
    expect(planned.fields.modality).toBeUndefined();
    expect(planned.findings).toEqual([{ field: 'modality', where: 'IPC-5', code: 'mapping.unknown_code' }]);
  });

  test('study: what the message does not say comes from the procedure map', () => {
    const procedures = new Map([['CT001', { modality: 'CT', bodyPart: '胸部', scanMode: '平扫' }]]);
    const { fields } = orderOf(['ORC|NW', segment('OBR', { 4: 'CT001^胸部CT' })], { procedures });
    expect(fields).toMatchObject({ modality: 'CT', bodyPart: '胸部', scanMode: '平扫', studyDesc: '胸部CT' });
  });

  test.each([
    ['20260304', '2026-03-04 00:00:00'],
    ['202603041031', '2026-03-04 10:31:00'],
    ['2026-03-04 10:31:02', '2026-03-04 10:31:02'],
    ['20260304103102.1230', '2026-03-04 10:31:02'],
    ['20260304103102+0800', '2026-03-04 10:31:02'],
    ['20260304103102+0000', '2026-03-04 18:31:02'],
    ['20260304203102-0500', '2026-03-05 09:31:02'],
  ])('study: OBR-7 %s is %s in the time of the site', (sent, date) => {
    expect(orderOf(['ORC|NW', segment('OBR', { 7: sent })]).fields.studyDate).toBe(date);
  });

  test('study: a zone with summer time is heard', () => {
    const settings = { timezone: 'Europe/London' };
    const summer = ['ORC|NW', segment('OBR', { 7: '20260704103102+0000' })];
    expect(orderOf(summer, settings).fields.studyDate).toBe('2026-07-04 11:31:02');
    const winter = ['ORC|NW', segment('OBR', { 7: '20260104103102+0000' })];
    expect(orderOf(winter, settings).fields.studyDate).toBe('2026-01-04 10:31:02');
  });

  test.each([
    ['20260303', '20260304', '1', 'D'],
    ['20260203', '20260304', '29', 'D'],
    ['20260202', '20260304', '1', 'M'],
    ['20240305', '20260304', '23', 'M'],
    ['20240304', '20260304', '2', 'Y'],
    ['19800304', '20260303', '45', 'Y'],
  ])('study: who was born on %s is on %s %s %s', (born, studied, age, unit) => {
    const { fields } = orderOf([segment('PID', { 7: born }), 'ORC|NW', segment('OBR', { 7: studied })]);
    expect(fields).toMatchObject({ patientAge: age, patientAgeUnit: unit });
  });

  test('study: a birthday after the study gives no age and is reported', () => {
    const { fields, findings } = orderOf(['PID|1||||||20270101', 'ORC|NW', segment('OBR', { 7: '20260304' })]);
    expect(fields.patientAge).toBeUndefined();
    expect(findings).toContainEqual({ field: 'patientAge', where: 'PID-7', code: 'mapping.invalid_date' });
  });

  test.each([
    ['D1^测^医甲', { applyDoctor: '测医甲', applyDoctorId: 'D1' }],
    ['D1^测医甲', { applyDoctor: '测医甲', applyDoctorId: 'D1' }],
    ['测医甲', { applyDoctor: '测医甲' }],
    ['D1', { applyDoctorId: 'D1' }],
    ['John Smith', { applyDoctor: 'John Smith' }],
    ['^测^医甲', { applyDoctor: '测医甲' }],
  ])('study: the doctor %s is read as a person', (sent, expected) => {
    const { fields } = orderOf(['ORC|NW', segment('OBR', { 16: sent })]);
    expect({ applyDoctor: fields.applyDoctor, applyDoctorId: fields.applyDoctorId }).toEqual({
      applyDoctor: undefined,
      applyDoctorId: undefined,
      ...expected,
    });
  });

  test('study: name and id of a doctor are never those of two', () => {
    const { fields } = orderOf([segment('ORC', { 1: 'NW', 12: 'D1' }), segment('OBR', { 16: 'D2^测医乙' })]);
    expect(fields.applyDoctorId).toBe('D1');
    expect(fields.applyDoctor).toBeUndefined();
  });

  test('study: the UID is ZDS-1, else IPC-3, else an OBX of that label or type, and no series UID', () => {
    expect(orderOf(['ORC|NW', 'OBR|1', 'ZDS|1.2.3^A^Application^DICOM']).fields.studyUid).toBe('1.2.3');
    expect(orderOf(['ORC|NW', 'OBR|1', 'IPC|A|R|1.2.4']).fields.studyUid).toBe('1.2.4');
    const labelled = ['OBR|1', 'OBX|1|HD|^Series Instance UID||1.2.5.1', 'OBX|2|ST|^Study Instance UID||1.2.5'];
    expect(reportOf(labelled).identifiers.studyInstanceUid).toBe('1.2.5');
    expect(reportOf(['OBR|1', 'OBX|1|HD|UIDS||1.2.6', 'OBX|2|HD|X||1.2.7']).fields.studyUid).toBe('1.2.7');
    const invalid = orderOf(['ORC|NW', 'OBR|1', 'ZDS|../1', 'IPC|A|R|1.2.4']);
    expect(invalid.fields.studyUid).toBe('1.2.4');
    expect(invalid.findings).toEqual([{ field: 'studyUid', where: 'ZDS-1', code: 'mapping.invalid_uid' }]);
  });

  test.each([
    ['', '', 'new'],
    ['NW', 'CA', 'new'],
    ['XO', '', 'change'],
    ['CA', '', 'cancel'],
    ['DC', '', 'discontinue'],
    ['SC', 'IP', 'status'],
    ['SC', 'CM', 'status'],
    ['SC', 'CA', 'cancel'],
    ['SC', 'DC', 'discontinue'],
  ])('order: ORC-1 %s with ORC-5 %s is %s', (control, status, action) => {
    const order = orderOf([`ORC|${control}||||${status}`, 'OBR|1']);
    expect(order.action).toBe(action);
    expect(order.fields.status).toBe(action === 'cancel' || action === 'discontinue' ? undefined : 'registered');
  });

  test('order: diagnosis, symptom, allergies and requirement are joined from their segments', () => {
    const { fields } = orderOf([
      'AL1|1|DA|^青霉素',
      'AL1|2|DA|X1^碘',
      'ORC|NW',
      segment('OBR', { 13: '咳嗽' }),
      'DG1|1||J98.4^肺部阴影',
      'DG1|2|||高血压',
      'NTE|1||加做增强',
      'NTE|2||空腹',
      'OBX|1|ST|^Body height||172|cm',
      'NTE|1||of the observation',
    ]);
    expect(fields).toMatchObject({
      allergies: '青霉素;碘',
      diagnosis: '肺部阴影;高血压',
      symptom: '咳嗽',
      studyRequirement: '加做增强;空腹',
      size: '1.72',
    });
  });

  test('order: the reason for the study goes where the site says', () => {
    const segments = ['ORC|NW', segment('OBR', { 31: '^右上腹隐痛' }), 'NTE|1||空腹'];
    expect(orderOf(segments).fields).toMatchObject({ symptom: '右上腹隐痛', studyRequirement: '空腹' });
    const required = orderOf(segments, { reasonForStudy: 'studyRequirement' }).fields;
    expect(required.studyRequirement).toBe('右上腹隐痛');
    expect(required.symptom).toBeUndefined();
  });

  test('order: a packed OBR-13 is examination, diagnosis and symptom', () => {
    expect(orderOf(['ORC|NW', segment('OBR', { 13: '血常规^脑梗死^头晕' })]).fields).toMatchObject({
      diagnosis: '脑梗死',
      symptom: '头晕',
    });
  });

  test('groups: each ORC or OBR is an order of its own, and keeps its own segments', () => {
    const groups = groupsOf('OMI^O23', [
      PID,
      'ORC|NW|P1',
      'OBR|1',
      'IPC|A1',
      'DG1|1||^甲',
      'ORC|XO|P2',
      'OBR|2',
      'IPC|A2',
      'OBR|3|P3',
    ]);
    expect(
      groups.map(({ fields }) => [fields.hisNum, fields.accessNumber, fields.diagnosis, fields.patientName]),
    ).toEqual([
      ['P1', 'A1', '甲', '张三'],
      ['P2', 'A2', undefined, '张三'],
      ['P3', undefined, undefined, '张三'],
    ]);
  });

  test('groups: a result is never an order, and an ADT is neither', () => {
    expect(groupsOf('ORU^R01', [PID, 'ORC|NW|P1', 'OBR|1', 'ORC|NW|P2', 'OBR|2']).map(({ kind }) => kind)).toEqual([
      'report',
      'report',
    ]);
    expect(groupsOf('ADT^A08', [PID, 'ORC|NW|P1', 'OBR|1'])).toEqual([]);
  });
});
