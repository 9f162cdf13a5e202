// What the instances of a variant say: series, modality and study attributes, packed as a list of texts.
import { NO_STUDY_ATTRIBUTES } from '../../schemas/no-study-attributes.ts';
import type { DicomInstance, StudyAttributes } from '../../schemas/records.ts';

/**
 * Series Instance UID, modality, then the attributes in the order of `ATTRIBUTE_NAMES`. A list, since the names of 28
 * attributes would outweigh what they say, in the state and in the time it takes to read it.
 */
export type VariantContent = readonly (string | null)[];
/** In the order of `ATTRIBUTE_NAMES`. */
export type AttributeValues = readonly (string | null)[];

/** The order is that of the state on disk: new names are added at the end, none is moved. */
const ATTRIBUTE_NAMES = [
  'patientId',
  'issuerOfPatientId',
  'patientName',
  'patientSex',
  'patientBirthDate',
  'patientAge',
  'patientSizeMetres',
  'patientWeightKilograms',
  'patientTelephone',
  'allergies',
  'accessionNumber',
  'studyId',
  'studyDate',
  'studyTime',
  'studyDescription',
  'bodyPartExamined',
  'scanOptions',
  'referringPhysician',
  'requestingService',
  'institutionName',
  'institutionalDepartment',
  'performingPhysician',
  'operatorsName',
  'admissionId',
  'admittingDiagnoses',
  'stationName',
  'manufacturer',
  'manufacturerModel',
] as const satisfies readonly (keyof StudyAttributes)[];

const ATTRIBUTES_FROM = 2;

/** Empty text is no value, and blanks around one say nothing (PS3.5 section 6.2 pads with them). */
export function contentOf({ seriesInstanceUid, attributes }: DicomInstance): VariantContent {
  const content: (string | null)[] = [seriesInstanceUid, null];
  if (attributes === null) return content;
  content[1] = normalised(attributes.modality);
  for (const name of ATTRIBUTE_NAMES) content.push(normalised(attributes.study[name]));
  return content;
}

/** Whether `contentOf` would make this content, without making it. */
export function saysTheSame({ seriesInstanceUid, attributes }: DicomInstance, content: VariantContent): boolean {
  if (content[0] !== seriesInstanceUid) return false;
  if (attributes === null) return content.length === ATTRIBUTES_FROM;
  if (content.length === ATTRIBUTES_FROM || !isValue(attributes.modality, content[1])) return false;
  const { study } = attributes;
  let at = ATTRIBUTES_FROM;
  for (const name of ATTRIBUTE_NAMES) {
    if (!isValue(study[name], content[at])) return false;
    at += 1;
  }
  return true;
}

/** What is in a content is normalised: a text equal to it needs no trimming. */
function isValue(text: string | null, value: string | null | undefined): boolean {
  return text === value || normalised(text) === value;
}

export function seriesOfContent(content: VariantContent): string {
  return content[0] ?? '';
}

export function modalityOfContent(content: VariantContent): string | null {
  return content[1] ?? null;
}

/** Per attribute the first value that is not empty. */
export function firstValues(contents: Iterable<VariantContent>): AttributeValues {
  const values: (string | null)[] = ATTRIBUTE_NAMES.map(() => null);
  for (const content of contents) {
    for (let at = 0; at < values.length; at += 1) values[at] ??= content[ATTRIBUTES_FROM + at] ?? null;
  }
  return values;
}

export function attributesOf(values: AttributeValues): StudyAttributes {
  const attributes: { -readonly [Name in keyof StudyAttributes]: string | null } = { ...NO_STUDY_ATTRIBUTES };
  for (let at = 0; at < ATTRIBUTE_NAMES.length; at += 1) {
    const name = ATTRIBUTE_NAMES[at];
    if (name !== undefined) attributes[name] = values[at] ?? null;
  }
  return attributes;
}

function normalised(text: string | null): string | null {
  if (text === null || text === '') return null;
  const trimmed = text.trim();
  return trimmed === '' ? null : trimmed;
}
