import { describe, expect, test } from 'vitest';
import { readJsonInstance, readJsonUids } from '../../../codecs/dicom/dicom-json.ts';

const UIDS = {
  '00080016': { vr: 'UI', Value: ['1.2.840.10008.5.1.4.1.1.2'] },
  '00080018': { vr: 'UI', Value: ['1.2.3.4'] },
  '0020000D': { vr: 'UI', Value: ['1.2.3'] },
  '0020000E': { vr: 'UI', Value: ['1.2.3.1'] },
};

describe('DICOM JSON model', () => {
  test('gives the same fields as a data set', () => {
    const reading = readJsonInstance({
      ...UIDS,
      '00080005': { vr: 'CS', Value: ['ISO_IR 192'] },
      '00080060': { vr: 'CS', Value: ['CT'] },
      '00100010': { vr: 'PN', Value: [{ Alphabetic: 'ZHANG^SAN', Ideographic: '张^三' }] },
      '00101030': { vr: 'DS', Value: [70.5] },
      '00200013': { vr: 'IS', Value: [7] },
      '00081080': { vr: 'LO', Value: ['one', null, 'three'] },
      '00081030': { vr: 'LO' },
    });
    expect(reading.ok && reading.value).toMatchObject({
      studyInstanceUid: '1.2.3',
      attributes: {
        charset: { declared: ['ISO_IR 192'], used: 'ISO_IR 192', flagged: false },
        modality: 'CT',
        instanceNumber: '7',
        study: {
          patientName: 'ZHANG^SAN=张^三',
          patientWeightKilograms: '70.5',
          admittingDiagnoses: 'one\\\\three',
          studyDescription: null,
        },
      },
    });
  });

  test('keeps the groups of a name in their places', () => {
    const name = (value: unknown) => {
      const reading = readJsonInstance({ ...UIDS, '00100010': { vr: 'PN', Value: [value] } });
      return reading.ok ? reading.value.attributes.study.patientName : reading.faults;
    };
    expect(name({ Ideographic: '张^三' })).toBe('=张^三');
    expect(name({ Alphabetic: 'A', Phonetic: 'b' })).toBe('A==b');
    expect(name(null)).toBeNull();
  });

  test('names every fault at once, by tag and expectation, and repeats nothing of what it found', () => {
    const reading = readJsonInstance({
      ...UIDS,
      '00080018': { vr: 'UI', Value: ['../../etc/CANARY'] },
      '0020000D': { vr: 'LO', Value: ['1.2.3'] },
      '00100010': { vr: 'PN', Value: ['CANARY^NAME'] },
      '00100020': { vr: 'LO', Value: [{ CANARY: 1 }] },
      '00101030': { vr: 'DS', Value: [true] },
    });
    expect(reading.ok ? [] : reading.faults.map(({ tag }) => tag).sort()).toEqual([
      '00080018',
      '00100010',
      '00100020',
      '00101030',
      '0020000D',
    ]);
    expect(JSON.stringify(reading)).not.toContain('CANARY');
  });

  test.each([
    ['a missing UID', { ...UIDS, '0020000E': undefined }],
    ['an empty UID', { ...UIDS, '0020000E': { vr: 'UI' } }],
    ['two UIDs', { ...UIDS, '0020000E': { vr: 'UI', Value: ['1.2', '1.3'] } }],
    ['a UID of 65 characters', { ...UIDS, '0020000E': { vr: 'UI', Value: ['1'.repeat(65)] } }],
    ['bulk data', { ...UIDS, '0020000E': { vr: 'UI', BulkDataURI: 'http://x' } }],
    ['an inherited member', Object.create(UIDS)],
    ['an array', [UIDS]],
    ['nothing', null],
    ['a string', '1.2.3'],
    ['a value that is no array', { ...UIDS, '00080060': { vr: 'CS', Value: 'CT' } }],
    ['too long a value', { ...UIDS, '00080060': { vr: 'CS', Value: ['x'.repeat(5000)] } }],
    ['too many values', { ...UIDS, '00080060': { vr: 'CS', Value: Array.from({ length: 65 }, () => 'x') } }],
  ])('refuses %s', (_, object) => {
    expect(readJsonInstance(object).ok).toBe(false);
  });

  test('reads a deletion without its SOP class', () => {
    const { '00080016': _, ...withoutClass } = UIDS;
    expect(readJsonUids(withoutClass)).toEqual({
      ok: true,
      value: {
        sopClassUid: undefined,
        sopInstanceUid: '1.2.3.4',
        studyInstanceUid: '1.2.3',
        seriesInstanceUid: '1.2.3.1',
      },
    });
    expect(readJsonUids(UIDS).ok && readJsonUids(UIDS)).toMatchObject({
      value: { sopClassUid: '1.2.840.10008.5.1.4.1.1.2' },
    });
    expect(readJsonUids({}).ok).toBe(false);
  });
});
