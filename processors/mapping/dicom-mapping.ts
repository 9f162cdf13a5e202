// A study's images in the cloud's words.
import type { StudyImages, StudyImagesAttributes } from '../../schemas/records.ts';
import { dicomAge } from './age.ts';
import { holdsHanzi, meaningful } from './chinese-text.ts';
import type { MappedFields, MappingFinding } from './mapped-message.ts';
import { emptyDraft, type FieldName, type MappingDraft, mappingResult, put, report } from './mapping-draft.ts';
import type { MappingSettings } from './mapping-settings.ts';
import { HEIGHT_METRES_MAX, measure, WEIGHT_KG_MAX } from './observation.ts';
import { mapSex, mobileNumber } from './patient.ts';
import { personName } from './person.ts';
import { mapAge } from './study-fields.ts';
import { cloudDate, cloudDateTime, parseDicomTimestamp } from './timestamp.ts';

export interface MappedStudyImages {
  readonly fields: MappedFields;
  readonly findings: readonly MappingFinding[];
}

export function mapDicomStudy(images: StudyImages, settings: MappingSettings): MappedStudyImages {
  const { attributes } = images;
  const draft = emptyDraft();
  for (const [field, name, multiple] of TEXTS) put(draft, field, textOf(attributes[name], multiple));
  for (const [field, name] of PERSONS) put(draft, field, dicomPersonName(attributes[name] ?? ''));
  mapSex(draft, textOf(attributes.patientSex, FIRST), '(0010,0040)');
  mapDates(draft, attributes);
  mapPatientMeasures(draft, attributes);
  put(draft, 'modality', studyModality(images, settings));
  put(draft, 'status', 'registered');
  put(draft, 'studyUid', images.studyInstanceUid);
  const { fields, findings } = mappingResult(draft);
  return { fields, findings };
}

/** Values of an element with several are separated by a backslash (PS3.5 section 6.4): the first, or all. */
const FIRST = 'first';
const ALL = 'all';

/** In the order of the mapping table; of several sources of a field the first that has a value wins. */
const TEXTS: readonly (readonly [FieldName, keyof StudyImagesAttributes, typeof FIRST | typeof ALL])[] = [
  ['patientId', 'patientId', FIRST],
  ['accessNumber', 'accessionNumber', FIRST],
  ['bodyPart', 'bodyPartExamined', FIRST],
  ['studyDesc', 'studyDescription', FIRST],
  ['scanMode', 'scanOptions', ALL],
  ['applyDept', 'requestingService', FIRST],
  ['examDept', 'institutionalDepartment', FIRST],
  ['inpatientNum', 'admissionId', FIRST],
  ['diagnosis', 'admittingDiagnoses', ALL],
  ['allergies', 'allergies', ALL],
  ['equipment', 'stationName', FIRST],
  ['equipment', 'manufacturer', FIRST],
  ['equipment', 'manufacturerModel', FIRST],
];

const PERSONS: readonly (readonly [FieldName, keyof StudyImagesAttributes])[] = [
  ['patientName', 'patientName'],
  ['applyDoctor', 'referringPhysician'],
  ['examDoctor', 'performingPhysician'],
  ['examDoctor', 'operatorsName'],
];

function textOf(value: string | null, which: typeof FIRST | typeof ALL): string {
  if (value === null || value === '') return '';
  const values = value.split('\\').map(meaningful);
  return which === FIRST ? (values[0] ?? '') : values.filter((text) => text !== '').join(';');
}

/** PN (PS3.5 section 6.2.1): the ideographic group when it holds hanzi, else another that does, else the first that is not empty. */
export function dicomPersonName(value: string): string {
  const groups = (value.split('\\')[0] ?? '').split('=');
  const names = groups.map((group) => {
    const [family = '', given = '', middle = ''] = group.split('^').map(meaningful);
    return family === '' ? given : personName(family, given, middle);
  });
  const [alphabetic = '', ideographic = '', phonetic = ''] = names;
  if (holdsHanzi(ideographic)) return ideographic;
  return names.find(holdsHanzi) ?? (alphabetic || ideographic || phonetic);
}

function mapDates(draft: MappingDraft, attributes: StudyImagesAttributes): void {
  const birthday = textOf(attributes.patientBirthDate, FIRST);
  if (birthday !== '') {
    const day = parseDicomTimestamp(birthday, '');
    if (day === undefined) report(draft, 'patientBirthday', '(0010,0030)', 'mapping.invalid_date');
    else put(draft, 'patientBirthday', cloudDate(day));
  }
  const date = textOf(attributes.studyDate, FIRST);
  if (date === '') return;
  const studied = parseDicomTimestamp(date, (attributes.studyTime ?? '').trim());
  if (studied === undefined) report(draft, 'studyDate', '(0008,0020)', 'mapping.invalid_date');
  else put(draft, 'studyDate', cloudDateTime(studied));
}

function mapPatientMeasures(draft: MappingDraft, attributes: StudyImagesAttributes): void {
  const age = textOf(attributes.patientAge, FIRST);
  const read = dicomAge(age);
  if (age !== '' && read === undefined) report(draft, 'patientAge', '(0010,1010)', 'mapping.invalid_measure');
  put(draft, 'patientAge', read?.age ?? '');
  put(draft, 'patientAgeUnit', read?.unit ?? '');
  if (read === undefined) mapAge(draft);
  putMeasure(draft, 'size', textOf(attributes.patientSizeMetres, FIRST), HEIGHT_METRES_MAX, '(0010,1020)');
  putMeasure(draft, 'weight', textOf(attributes.patientWeightKilograms, FIRST), WEIGHT_KG_MAX, '(0010,1030)');
  const phones = (attributes.patientTelephone ?? '').split('\\').map(meaningful);
  const mobile = phones.map(mobileNumber).find((number) => number !== undefined);
  put(draft, 'phoneNum', mobile ?? '');
  if (mobile === undefined && phones.some((text) => text !== '')) {
    report(draft, 'phoneNum', '(0010,2154)', 'mapping.invalid_phone');
  }
}

function putMeasure(draft: MappingDraft, field: 'size' | 'weight', text: string, bound: number, where: string): void {
  // Scanners write 0 or 0.0 where nobody entered a value.
  if (text === '' || Number(text) === 0) return;
  const value = measure(text, 1, bound);
  if (value === undefined) report(draft, field, where, 'mapping.invalid_measure');
  else put(draft, field, value);
}

/** The modalities of the series that hold an image, in the order of their codes: series arrive in any. */
function studyModality({ series }: StudyImages, settings: MappingSettings): string {
  const imagesOf = new Map<string, number>();
  for (const { modality, counts } of series) {
    if (modality === null || counts.images === 0) continue;
    imagesOf.set(modality, (imagesOf.get(modality) ?? 0) + counts.images);
  }
  const modalities = [...imagesOf.keys()].sort();
  if (settings.joinModalities) return modalities.join('\\');
  let most = modalities[0] ?? '';
  for (const modality of modalities) {
    if ((imagesOf.get(modality) ?? 0) > (imagesOf.get(most) ?? 0)) most = modality;
  }
  return most;
}
