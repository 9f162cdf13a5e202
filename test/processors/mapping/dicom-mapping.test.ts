import { describe, expect, test } from 'vitest';
import { dicomPersonName, mapDicomStudy } from '../../../processors/mapping/dicom-mapping.ts';
import { defaultMappingSettings } from '../../../processors/mapping/mapping-settings.ts';
import { NO_STUDY_ATTRIBUTES } from '../../../schemas/no-study-attributes.ts';
import type { SeriesImages, StudyImages, StudyImagesAttributes } from '../../../schemas/records.ts';

const NONE = { images: 0, structuredReports: 0, doseReports: 0, pdfs: 0, keyObjects: 0, presentationStates: 0 };
const seriesOf = (modality: string | null, images: number): SeriesImages => ({
  seriesInstanceUid: `1.2.${modality}`,
  modality,
  counts: { ...NONE, images },
});

function study(attributes: Partial<StudyImagesAttributes>, series: readonly SeriesImages[] = []): StudyImages {
  return {
    site: 'default',
    studyInstanceUid: '1.2.3',
    revision: 1,
    firstEventAtMs: 0,
    lastEventAtMs: 0,
    counts: NONE,
    series,
    attributes: { ...NO_STUDY_ATTRIBUTES, ...attributes },
  };
}

const mapped = (attributes: Partial<StudyImagesAttributes>, series: readonly SeriesImages[] = []) =>
  mapDicomStudy(study(attributes, series), defaultMappingSettings);

describe('mapping of images', () => {
  test.each([
    ['ZHANG^SAN=张^三', '张三'],
    ['张^三', '张三'],
    ['ZHANG^SAN==zhang', 'ZHANG SAN'],
    ['张三^zhangsan', '张三'],
    ['Yamada^Tarou=山田^太郎=やまだ^たろう', '山田太郎'],
    ['SMITH^JOHN^A^DR', 'SMITH JOHN'],
    ['^^^', ''],
  ])('images: the name in %s is %s', (sent, name) => {
    expect(dicomPersonName(sent)).toBe(name);
  });

  test('images: each attribute becomes its field', () => {
    const { fields, findings } = mapped({
      patientId: 'P1',
      patientSex: 'F',
      patientBirthDate: '19800101',
      patientSizeMetres: '1.720',
      patientWeightKilograms: '61.0',
      patientTelephone: '0531-55550005\\161 0000 0001',
      accessionNumber: 'A1',
      studyDate: '2026.03.04',
      studyTime: '101112.123456',
      bodyPartExamined: 'CHEST',
      studyDescription: '胸部CT',
      scanOptions: 'HELIX\\CINE',
      requestingService: '骨科',
      referringPhysician: '测^医甲',
      institutionalDepartment: '放射科',
      operatorsName: '样^医乙',
      admissionId: 'N1',
      admittingDiagnoses: '甲\\乙',
      allergies: '碘',
      stationName: 'CT1',
      manufacturer: 'M',
    });
    expect(findings).toEqual([]);
    expect(fields).toEqual({
      patientId: 'P1',
      patientSex: 'F',
      patientBirthday: '1980-01-01',
      patientAge: '46',
      patientAgeUnit: 'Y',
      size: '1.72',
      weight: '61',
      phoneNum: '16100000001',
      accessNumber: 'A1',
      studyDate: '2026-03-04 10:11:12',
      bodyPart: 'CHEST',
      studyDesc: '胸部CT',
      scanMode: 'HELIX;CINE',
      applyDept: '骨科',
      applyDoctor: '测医甲',
      examDept: '放射科',
      examDoctor: '样医乙',
      inpatientNum: 'N1',
      diagnosis: '甲;乙',
      allergies: '碘',
      equipment: 'CT1',
      status: 'registered',
      studyUid: '1.2.3',
    });
  });

  test.each([
    ['027Y', '27', 'Y'],
    ['003W', '21', 'D'],
    ['011M', '11', 'M'],
    ['05D', '5', 'D'],
  ])('images: the age %s is %s %s', (sent, age, unit) => {
    expect(mapped({ patientAge: sent }).fields).toMatchObject({ patientAge: age, patientAgeUnit: unit });
  });

  test('images: what cannot be used is left out and reported by its tag', () => {
    const { fields, findings } = mapped({
      patientSex: 'X',
      patientBirthDate: '19801301',
      patientAge: '27',
      patientSizeMetres: '172',
      patientWeightKilograms: '0.0',
      studyDate: 'today',
    });
    expect(Object.keys(fields).sort()).toEqual(['status', 'studyUid']);
    expect(findings.map(({ where }) => where).sort()).toEqual([
      '(0008,0020)',
      '(0010,0030)',
      '(0010,0040)',
      '(0010,1010)',
      '(0010,1020)',
    ]);
  });

  test('images: a time that cannot be read leaves the date', () => {
    expect(mapped({ studyDate: '20260304', studyTime: '99' }).fields.studyDate).toBe('2026-03-04 00:00:00');
  });

  test('images: the modalities of the series that hold an image are joined, in an order that arrival does not change', () => {
    const series = [seriesOf('PT', 2), seriesOf('CT', 1), seriesOf('SR', 0), seriesOf('CT', 1), seriesOf(null, 1)];
    expect(mapped({}, series).fields.modality).toBe('CT\\PT');
    expect(mapped({}, series.toReversed()).fields.modality).toBe('CT\\PT');
    const one = mapDicomStudy(study({}, [seriesOf('CT', 1), seriesOf('PT', 2)]), {
      ...defaultMappingSettings,
      joinModalities: false,
    });
    expect(one.fields.modality).toBe('PT');
    expect(mapped({}, [seriesOf('SR', 0)]).fields.modality).toBeUndefined();
  });
});
