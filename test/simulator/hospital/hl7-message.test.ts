import { Message } from 'node-hl7-client';
import { describe, expect, test } from 'vitest';
import { orderMessage, reportMessage } from '../../../simulator/hospital/hl7-message.ts';
import { planStudies, type StudyPlan } from '../../../simulator/hospital/study-plan.ts';

const studies = planStudies(20_261_123, 60);

/** The library's parser splits text, so the bytes are decoded first, strictly. */
function parse(study: StudyPlan, bytes: Buffer): Message {
  return new Message({ text: new TextDecoder(study.charset, { fatal: true }).decode(bytes) });
}
const field = (message: Message, path: string) => message.get(path).toString();

describe("hospital: its messages in another's reading", () => {
  test('hospital: orders carry the identifiers of the plan where each message type has them', () => {
    for (const study of studies) {
      const { controlId, bytes } = orderMessage(study);
      const message = parse(study, bytes);
      const omi = study.orderMessage === 'OMI^O23';
      expect(field(message, 'MSH.10')).toBe(controlId);
      expect(`${field(message, 'MSH.9.1')}^${field(message, 'MSH.9.2')}`).toBe(study.orderMessage);
      expect(field(message, 'ORC.2.1')).toBe(study.placerOrderNumber);
      const accession = study.accessionMissingIn === 'order' ? '' : study.accessionNumber;
      expect(field(message, omi ? 'IPC.1' : 'OBR.18')).toBe(accession);
      expect(field(message, omi ? 'IPC.3' : 'ZDS.1.1')).toBe(study.studyInstanceUid);
      expect(field(message, omi ? 'IPC.5' : 'OBR.24')).toBe(study.procedure.modality);
    }
  });

  test('hospital: a charset is declared where the families declare it, and is the one used', () => {
    const places = studies.map((study) => {
      const message = parse(study, orderMessage(study).bytes);
      const declared = field(message, 'MSH.18') || field(message, 'MSH.17');
      expect(declared).toBe(study.charset === 'utf-8' ? 'UNICODE UTF-8' : 'GB18030');
      return field(message, 'MSH.18') === '' ? 'MSH-17' : 'MSH-18';
    });
    expect(new Set(places)).toEqual(new Set(['MSH-17', 'MSH-18']));
  });

  test('hospital: names stand in PID-5 as planned, hanzi with delimiter bytes too', () => {
    let withDelimiterBytes = 0;
    for (const study of studies) {
      const { bytes } = orderMessage(study);
      const name = parse(study, bytes).get('PID.5').toRaw();
      const { ideographic, latin } = study.patient;
      if (ideographic === null) expect(name).toBe(`${latin.family}^${latin.given}`);
      else expect(name.replace(/\^[a-z]+$/, '').replace('^', '')).toBe(ideographic.family + ideographic.given);
      if (study.charset === 'gb18030' && /[珅昞玘硚]/.test(name)) withDelimiterBytes += 1;
    }
    expect(withDelimiterBytes).toBeGreaterThan(3);
  });

  test('hospital: citizen numbers pass the check of GB 11643 by its weights, and belong to no region', () => {
    const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const numbers = studies.flatMap((study) => study.patient.citizenNumber ?? []);
    expect(numbers.length).toBeGreaterThan(20);
    for (const number of numbers) {
      const sum = weights.reduce((total, weight, at) => total + weight * Number(number[at]), 0);
      expect(number[17]).toBe('10X98765432'[sum % 11]);
      expect(number).toMatch(/^000000/);
    }
  });

  test('hospital: reports say their findings so that every delimiter and line break comes back', () => {
    const reports = studies.flatMap((study) => study.reports.map((report, nth) => ({ study, report, nth })));
    expect(new Set(reports.map(({ report }) => report.resultStatus))).toEqual(new Set(['P', 'F', 'C']));
    for (const { study, report, nth } of reports) {
      const text = new TextDecoder(study.charset).decode(reportMessage(study, report, nth).bytes);
      const lines = text.split('\r').filter((line) => line.startsWith('OBX|'));
      expect(lines[0]?.split('|')[5]).not.toMatch(/[\^&~]/);
      expect(unescaped(lines[0]?.split('|')[5] ?? '')).toBe(report.findings);
      expect(unescaped(lines[1]?.split('|')[5] ?? '')).toBe(report.impression);
      const pdf = lines[2]?.split('|')[5]?.split('^')[4];
      expect(pdf !== undefined).toBe(report.carriesPdf);
      if (pdf !== undefined) expect(Buffer.from(pdf, 'base64').toString('latin1')).toMatch(/^%PDF-[\s\S]*%%EOF\n$/);
      const obr =
        text
          .split('\r')
          .find((line) => line.startsWith('OBR|'))
          ?.split('|') ?? [];
      expect([obr[18], obr[22], obr[25]]).toEqual([study.accessionNumber, report.statusChangedAt, report.resultStatus]);
    }
  });
});

/** HL7 2.5.1 section 2.7, read backwards. */
function unescaped(text: string): string {
  return text
    .replaceAll('\\.br\\', '\n')
    .replace(/\\([FSTRE])\\/g, (_, letter: string) => '|^&~\\'['FSTRE'.indexOf(letter)] ?? '');
}
