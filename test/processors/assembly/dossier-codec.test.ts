import { describe, expect, test } from 'vitest';
import type { Dossier, OrderFact, ReportFact } from '../../../processors/assembly/dossier.ts';
import { dossierCodec } from '../../../processors/assembly/dossier-codec.ts';
import { FIELD_NUMBERS, fieldValues } from '../../../processors/assembly/field-values.ts';
import { factId } from '../../../processors/assembly/order-fact.ts';

const NUMBERED = { accessionNumber: 'A1', placerOrderNumber: 'P:1', fillerOrderNumber: '-' };
const FINDING = { field: 'patientId', where: 'PID-3', code: 'assembly.ambiguous_placer' } as const;
const MARK = { orderedBy: '20260101090000', rank: 3, stamp: '20260101090000.0000 C1', hash: 'aa' };

function order(): OrderFact {
  const values = fieldValues({ patientName: '欧阳示例', bedNum: '' }, ['applyDept']);
  const layers = [{ stamp: 's2', values }];
  return {
    id: factId(NUMBERED),
    identifiers: NUMBERED,
    layers,
    newest: { stamp: 's2', action: 'change', findings: [] },
  };
}

function report(latest: ReportFact['latest']): ReportFact {
  const identifiers = { studyInstanceUid: '1.2.3' };
  const newest = { stamp: 's3', findings: [FINDING] };
  const versions = [MARK, { ...MARK, rank: 5 }];
  return {
    id: factId(identifiers),
    identifiers,
    layers: [],
    newest,
    versions,
    versionsDropped: 200,
    latest,
    refused: true,
  };
}

function dossier(findings: string): Dossier {
  const text = { findings, reportDoctor: '审核甲', auditDate: '2026-01-01 09:00:00' };
  const counts = { images: 90, structuredReports: 1, doseReports: 0, pdfs: 0, keyObjects: 0, presentationStates: 0 };
  const times = { firstEventAtMs: 1_790_000_000_000, lastEventAtMs: -1 };
  const values = fieldValues({ accessNumber: 'A1' }, []);
  const current = { revision: 7, ...times, counts, series: 2, seriesWithImages: 1, values, findings: [FINDING] };
  const images = { id: factId({ studyInstanceUid: '1.2.3' }), studyInstanceUid: '1.2.3', current };
  const latest = { mark: MARK, status: 'final', text, pdfHashes: ['bb'] } as const;
  return {
    sinceMs: 1_790_000_000_001,
    keysMade: 3,
    orders: [order()],
    reports: [report(latest), report({ ...latest, mark: { ...MARK, rank: 5 }, text: null }), report(null)],
    images: [
      { ...images, settled: current, quiet: false },
      { ...images, settled: null, quiet: true },
    ],
    studies: [
      {
        studyKey: 'order-1',
        studyInstanceUid: null,
        facts: [factId({ studyInstanceUid: '1.2.3' }), factId(NUMBERED)],
        sinceMs: 1,
        revision: 89,
        state: 'waiting_for_fields',
        missing: ['patientId'],
        cloudStudyId: 'A1',
        requestedHash: 'cc',
        withdrawn: true,
        reports: [{ reportId: 'R~;', told: true, requestedHash: '' }],
        causes: ['hl7.messages/0/1'],
        origin: { trace: 't', atMs: 1.5, position: 'p' },
      },
    ],
    fresh: [{ position: 'p', trace: 't', atMs: 2, fact: 'f' }],
  };
}

describe('the codec of dossiers', () => {
  test('reads back every part of what it wrote', () => {
    const written = dossier('双肺纹理清晰');
    expect(dossierCodec.decode(dossierCodec.encode(written))).toEqual(written);
  });

  test('keeps half a surrogate pair, which UTF-8 cannot hold', () => {
    const written = dossier('cut \ud83d');
    expect(dossierCodec.decode(dossierCodec.encode(written))).toEqual(written);
  });

  test('keeps a text larger than what it writes into', () => {
    const written = dossier('𠮷'.repeat(100_000));
    expect(dossierCodec.decode(dossierCodec.encode(written))).toEqual(written);
  });

  test('tells a deleted field, an empty one and one that nothing is said of apart', () => {
    const read = dossierCodec.decode(dossierCodec.encode(dossier('')));
    const values = read.orders[0]?.layers[0]?.values ?? [];
    expect(values[FIELD_NUMBERS.applyDept]).toBeNull();
    expect(values[FIELD_NUMBERS.bedNum]).toBe('');
    expect(values[FIELD_NUMBERS.patientId]).toBeUndefined();
  });

  test('leaves out of a study what its dossier does not hold', () => {
    const [study] = dossier('').studies;
    const written = { ...dossier(''), studies: study === undefined ? [] : [{ ...study, facts: ['nothing'] }] };
    expect(dossierCodec.decode(dossierCodec.encode(written)).studies[0]?.facts).toEqual([]);
  });

  test('refuses bytes that end before their time', () => {
    const bytes = dossierCodec.encode(dossier('text'));
    expect(() => dossierCodec.decode(bytes.subarray(0, 40))).toThrow(RangeError);
  });

  test('gives each field a number of its own', () => {
    const numbers = Object.values(FIELD_NUMBERS);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});
