/**
 * The snapshot of a study's images, from its row.
 *
 * The study's attributes are those of the present variants: per attribute the first value that is not empty, images
 * before other classes, then by Series Instance UID, then by the variant's name. That is a function of the set, so
 * neither the order of arrival nor repetition matters, and a deletion takes back what only the deleted images said.
 */
import type { InstanceCounts, SeriesImages, StudyAttributes, StudyImages } from '../../schemas/records.ts';
import { NO_INSTANCES } from './instance-class.ts';
import { classOfVariant, type SeriesRow, type StudyRow, type VariantContent } from './study-row.ts';

export type ContentOf = (variant: string) => VariantContent | undefined;

export function studySnapshot(
  site: string,
  studyInstanceUid: string,
  row: StudyRow,
  contentOf: ContentOf,
): StudyImages {
  const series = row.series.map((entry) => seriesSnapshot(entry, contentOf));
  let counts = NO_INSTANCES;
  for (const entry of series) counts = sum(counts, entry.counts);
  return {
    site,
    studyInstanceUid,
    revision: row.revision,
    firstEventAtMs: row.firstEventAtMs,
    lastEventAtMs: row.lastEventAtMs,
    counts,
    series,
    attributes: row.attributes,
  };
}

export function chosenAttributes(series: readonly SeriesRow[], contentOf: ContentOf): StudyAttributes {
  const chosen: { -readonly [Name in keyof StudyAttributes]: string | null } = { ...NO_ATTRIBUTES };
  for (const images of [true, false]) {
    for (const row of series) {
      for (const { variant } of row.variants) {
        if ((classOfVariant(variant) === 'images') !== images) continue;
        const attributes = contentOf(variant)?.attributes;
        if (attributes === null || attributes === undefined) continue;
        for (const name of ATTRIBUTE_NAMES) chosen[name] ??= attributes[name];
      }
    }
  }
  return chosen;
}

/** Empty text is no value, blanks around one say nothing (PS3.5 section 6.2 pads with them). */
export function normalised(attributes: StudyAttributes): StudyAttributes {
  const normal: { -readonly [Name in keyof StudyAttributes]: string | null } = { ...NO_ATTRIBUTES };
  for (const name of ATTRIBUTE_NAMES) normal[name] = normalisedText(attributes[name]);
  return normal;
}

export function normalisedText(text: string | null): string | null {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? null : trimmed;
}

export const NO_ATTRIBUTES: StudyAttributes = {
  patientId: null,
  issuerOfPatientId: null,
  patientName: null,
  patientSex: null,
  patientBirthDate: null,
  patientAge: null,
  patientSizeMetres: null,
  patientWeightKilograms: null,
  patientTelephone: null,
  allergies: null,
  accessionNumber: null,
  studyId: null,
  studyDate: null,
  studyTime: null,
  studyDescription: null,
  bodyPartExamined: null,
  scanOptions: null,
  referringPhysician: null,
  requestingService: null,
  institutionName: null,
  institutionalDepartment: null,
  performingPhysician: null,
  operatorsName: null,
  admissionId: null,
  admittingDiagnoses: null,
  stationName: null,
  manufacturer: null,
  manufacturerModel: null,
};

const ATTRIBUTE_NAMES = namesOf(NO_ATTRIBUTES);

function seriesSnapshot(row: SeriesRow, contentOf: ContentOf): SeriesImages {
  const counts = { ...NO_INSTANCES };
  let modality: string | null = null;
  for (const { variant, size } of row.variants) {
    counts[classOfVariant(variant)] += size;
    modality ??= contentOf(variant)?.modality ?? null;
  }
  return { seriesInstanceUid: row.seriesInstanceUid, modality, counts };
}

function sum(a: InstanceCounts, b: InstanceCounts): InstanceCounts {
  return {
    images: a.images + b.images,
    structuredReports: a.structuredReports + b.structuredReports,
    doseReports: a.doseReports + b.doseReports,
    pdfs: a.pdfs + b.pdfs,
    keyObjects: a.keyObjects + b.keyObjects,
    presentationStates: a.presentationStates + b.presentationStates,
  };
}

function namesOf<T extends object>(value: T): readonly (keyof T)[] {
  const names: (keyof T)[] = [];
  for (const name in value) names.push(name);
  return names;
}
