// Writes the hospital's HL7 messages as bytes: orders (ORM^O01, OMI^O23) and results (ORU^R01).
import { encodeGb18030 } from './gb18030-encoder.ts';
import type { InventedPatient } from './invented-patient.ts';
import type { Charset, ReportPlan, StudyPlan } from './study-plan.ts';
import { reportPdf } from './synthetic-pdf.ts';

export interface Hl7Message {
  readonly controlId: string;
  readonly bytes: Buffer;
}

/** Fields by their number; MSH-3 is 3, as the standard counts. */
type Fields = Readonly<Record<number, string>>;

export function orderMessage(study: StudyPlan): Hl7Message {
  const controlId = `${study.accessionNumber}-O`;
  const order = study.orderMessage;
  const accession = study.accessionMissingIn === 'order' ? '' : study.accessionNumber;
  const segments = [
    header(study, order, controlId, `${study.performedAt.slice(0, 8)}073000`, 'HIS'),
    patientSegment(study.patient, study.index),
    segment('PV1', { 1: '1', 2: 'O' }),
    segment('ORC', {
      1: 'NW',
      2: `${study.placerOrderNumber}^HIS`,
      9: `${study.performedAt.slice(0, 8)}073000`,
      12: 'D011^测医甲',
      17: '0301^骨科',
    }),
    ...(order === 'OMI^O23' ? omiDetail(study, accession) : ormDetail(study, accession)),
  ];
  return { controlId, bytes: encode(segments, study.charset) };
}

/** The study's n-th report as sent, from 0. */
export function reportMessage(study: StudyPlan, report: ReportPlan, nth: number): Hl7Message {
  const controlId = `${study.accessionNumber}-R${nth}`;
  const status = report.resultStatus;
  const lines = [
    ['TX', 'FINDING(S)^检查所见^L', escaped(report.findings)],
    ['TX', 'IMPRESSION^诊断意见^L', escaped(report.impression)],
    ...(report.carriesPdf
      ? [['ED', 'PDF^报告^L', `^Application^PDF^Base64^${reportPdf(study).toString('base64')}`]]
      : []),
  ];
  const segments = [
    header(study, 'ORU^R01', controlId, report.statusChangedAt, 'RIS'),
    patientSegment(study.patient, study.index),
    segment('PV1', { 1: '1', 2: 'O' }),
    segment('ORC', { 1: 'RE', 2: `${study.placerOrderNumber}^HIS`, 3: `${study.fillerOrderNumber}^RIS` }),
    segment('OBR', {
      1: '1',
      2: `${study.placerOrderNumber}^HIS`,
      3: `${study.fillerOrderNumber}^RIS`,
      4: `${study.procedure.code}^${study.procedure.text}`,
      7: study.performedAt,
      15: `^^^${study.procedure.bodyPart}`,
      16: 'D011^测医甲',
      18: study.accessionNumber,
      22: report.statusChangedAt,
      24: study.procedure.modality,
      25: status,
      32: 'R001&审核甲',
    }),
    ...lines.map(([type = '', label = '', value = ''], index) =>
      segment('OBX', { 1: String(index + 1), 2: type, 3: label, 5: value, 11: status }),
    ),
  ];
  return { controlId, bytes: encode(segments, study.charset) };
}

function ormDetail(study: StudyPlan, accession: string): readonly string[] {
  return [
    segment('OBR', {
      1: '1',
      2: `${study.placerOrderNumber}^HIS`,
      4: `${study.procedure.code}^${study.procedure.text}`,
      15: `^^^${study.procedure.bodyPart}`,
      16: 'D011^测医甲',
      18: accession,
      24: study.procedure.modality,
      31: '^咳嗽三天',
    }),
    segment('ZDS', { 1: `${study.studyInstanceUid}^100^Application^DICOM` }),
  ];
}

function omiDetail(study: StudyPlan, accession: string): readonly string[] {
  return [
    segment('TQ1', { 1: '1', 7: `${study.performedAt.slice(0, 8)}080000`, 9: 'R^Routine^HL70485' }),
    segment('OBR', {
      1: '1',
      2: `${study.placerOrderNumber}^HIS`,
      4: `${study.procedure.code}^${study.procedure.text}`,
      15: `^^^${study.procedure.bodyPart}`,
      16: 'D011^测医甲',
    }),
    segment('IPC', {
      1: accession,
      2: `RP${study.placerOrderNumber}`,
      3: study.studyInstanceUid,
      4: `SPS${study.placerOrderNumber}`,
      5: study.procedure.modality,
    }),
  ];
}

/** The charset stands in MSH-18, or one field early in the older version, as some families do. */
function header(study: StudyPlan, type: string, controlId: string, at: string, sender: string): string {
  const charset = study.charset === 'utf-8' ? 'UNICODE UTF-8' : 'GB18030';
  const older = study.index % 4 === 1;
  return segment('MSH', {
    2: '^~\\&',
    3: sender,
    4: '示例医院',
    5: 'BRIDGE',
    6: 'AIMIS',
    7: at,
    9: type,
    10: controlId,
    11: 'P',
    12: older ? '2.4' : '2.5.1',
    17: older ? charset : 'CHN',
    18: older ? '' : charset,
  });
}

function patientSegment(patient: InventedPatient, index: number): string {
  const citizen = patient.citizenNumber === null ? '' : `~${patient.citizenNumber}^^^^IdentifyNO`;
  const sexes = { M: ['M', '男', '1'], F: ['F', '女', '2'] } as const;
  return segment('PID', {
    1: '1',
    3: `${patient.patientId}^^^HIS^PI~${patient.visitCardNumber}^^^^IDCard${citizen}`,
    5: nameField(patient, index),
    7: patient.birthday,
    8: sexes[patient.sex][index % 3] ?? patient.sex,
    11: '测试市示例区虚构路1号',
    13: patient.phoneNumber,
  });
}

/** The three ways in which families write a name that is both ideographic and Latin. */
function nameField(patient: InventedPatient, index: number): string {
  const { ideographic, latin } = patient;
  if (ideographic === null) return `${latin.family}^${latin.given}`;
  const whole = `${ideographic.family}${ideographic.given}`;
  const pinyin = `${latin.family}${latin.given}`.toLowerCase();
  return [whole, `${whole}^${pinyin}`, `${ideographic.family}^${ideographic.given}`][index % 3] ?? whole;
}

function segment(name: string, fields: Fields): string {
  const last = Math.max(...Object.keys(fields).map(Number));
  // MSH-1 is the separator itself, so the text before MSH-2 is the name alone.
  const first = name === 'MSH' ? 2 : 1;
  return [name, ...Array.from({ length: last - first + 1 }, (_, at) => fields[at + first] ?? '')].join('|');
}

/** Sections 2.7.1 and 2.7.6 of HL7 2.5.1: delimiters as \F\ \S\ \T\ \R\ \E\, a line break as \.br\. */
function escaped(text: string): string {
  const escapes: Readonly<Record<string, string>> = {
    '|': '\\F\\',
    '^': '\\S\\',
    '&': '\\T\\',
    '~': '\\R\\',
    '\\': '\\E\\',
    '\n': '\\.br\\',
  };
  return text.replace(/[|^&~\\\n]/g, (character) => escapes[character] ?? character);
}

function encode(segments: readonly string[], charset: Charset): Buffer {
  const text = segments.map((one) => `${one}\r`).join('');
  return charset === 'gb18030' ? encodeGb18030(text) : Buffer.from(text, 'utf8');
}
