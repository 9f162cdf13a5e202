// The fields of a study from its sources: order, report, images.
import { ageAt } from '../mapping/age.ts';
import { parseTimestamp } from '../mapping/timestamp.ts';
import type { ImagesSummary, Layer } from './dossier.ts';
import type { LinkedStudy } from './fact-links.ts';
import { FIELD_SOURCES, type FieldSource, MAPPED_FIELDS, type MappedField } from './field-sources.ts';
import { FIELD_NUMBERS, type FieldValue, type FieldValues, NO_VALUES } from './field-values.ts';
import { layersOf } from './message-layer.ts';
import type { OrderStanding } from './order-standing.ts';
import type { StandingReport } from './report-standing.ts';

/** Values by field; absent where no source has one. */
export type StudyFields = { -readonly [Field in MappedField]?: string };

/** All that says anything of a study's fields; layers newest first. */
export interface Evidence {
  readonly orders: readonly Layer[];
  readonly reports: readonly Layer[];
  readonly images: FieldValues;
  readonly sharedOrders: readonly Layer[];
  /**
   * A withdrawn report may be about another patient: it is asked last, and only so that a study the cloud already has
   * can be sent again.
   */
  readonly withdrawnReports: readonly Layer[];
}

export function evidenceOf(
  linked: LinkedStudy,
  { standing }: OrderStanding,
  reports: readonly StandingReport[],
  images: ImagesSummary | null,
): Evidence {
  const stands = reports.filter(({ status }) => status !== null);
  const withdrawn = stands.length === reports.length ? [] : reports.filter(({ status }) => status === null);
  return {
    orders: layersOf(standing),
    reports: layersOf(factsOf(stands)),
    images: images?.values ?? NO_VALUES,
    sharedOrders: layersOf(linked.sharedOrders),
    withdrawnReports: layersOf(factsOf(withdrawn)),
  };
}

export function studyFields(evidence: Evidence): StudyFields {
  return withAgeAtStudy(withUnitOfSameSource(someFields(evidence, MAPPED_FIELDS), evidence));
}

/** Only those that are asked for, and no age, which rests on others. */
export function someFields(evidence: Evidence, wanted: readonly MappedField[]): StudyFields {
  const { sharedOrders, withdrawnReports } = evidence;
  const fields: StudyFields = {};
  for (const field of wanted) {
    let value = fieldValue(field, evidence);
    if (sharedOrders.length > 0 && SHARED_FIELDS.has(field)) value ??= newestValue(sharedOrders, field);
    if (withdrawnReports.length > 0 && FROM_WITHDRAWN.has(field)) value ??= newestValue(withdrawnReports, field);
    if (value !== undefined) fields[field] = value;
  }
  return fields;
}

function factsOf(reports: readonly StandingReport[]): StandingReport['facts'] {
  const [only] = reports;
  if (only === undefined) return [];
  return reports.length === 1 ? only.facts : reports.flatMap(({ facts }) => facts);
}

/** What holds for a whole placer order; what was asked for differs between its examinations. */
const SHARED_FIELDS: ReadonlySet<MappedField> = new Set(
  MAPPED_FIELDS.filter(
    (field) => FIELD_SOURCES[field].sources[0] === 'order' && field !== 'appointDate' && field !== 'studyRequirement',
  ),
);

const FROM_WITHDRAWN: ReadonlySet<MappedField> = new Set(['patientId', 'patientName', 'patientSex', 'modality']);

function fieldValue(field: MappedField, { orders, reports, images }: Evidence): string | undefined {
  const { sources } = FIELD_SOURCES[field];
  if (sources.length === 0) return undefined;
  const number = FIELD_NUMBERS[field];
  const order = newestSaying(orders, number);
  const report = newestSaying(reports, number);
  for (const source of sources) {
    const value = valueFrom(source, number, images, order, report);
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

/** `""` deletes what earlier messages brought, whichever kind of message: a value older than the other's deletion is gone. */
function valueFrom(
  source: FieldSource,
  number: number,
  images: FieldValues,
  order: Layer | undefined,
  report: Layer | undefined,
): FieldValue {
  if (source === 'images') return images[number];
  const [own, other] = source === 'order' ? [order, report] : [report, order];
  const deletedLater = own !== undefined && other?.values[number] === null && other.stamp > own.stamp;
  return deletedLater ? undefined : own?.values[number];
}

function newestSaying(layers: readonly Layer[], number: number): Layer | undefined {
  for (const layer of layers) if (layer.values[number] !== undefined) return layer;
  return undefined;
}

function newestValue(layers: readonly Layer[], field: MappedField): string | undefined {
  const number = FIELD_NUMBERS[field];
  return newestSaying(layers, number)?.values[number] ?? undefined;
}

/** An age without its unit, or with that of another source, is another age. */
function withUnitOfSameSource(fields: StudyFields, { orders, reports, images }: Evidence): StudyFields {
  if (fields.patientAge === undefined) {
    delete fields.patientAgeUnit;
    return fields;
  }
  const [age, unit] = [FIELD_NUMBERS.patientAge, FIELD_NUMBERS.patientAgeUnit];
  const sources = [...orders.map(({ values }) => values), ...reports.map(({ values }) => values), images];
  const source = sources.find((values) => values[age] === fields.patientAge);
  const unitOfSource = source?.[unit] ?? undefined;
  if (unitOfSource === undefined) {
    delete fields.patientAge;
    delete fields.patientAgeUnit;
  } else {
    fields.patientAgeUnit = unitOfSource;
  }
  return fields;
}

/** A message works the age out with the date it has itself, often that of the request; the images know when the study was. */
function withAgeAtStudy(fields: StudyFields): StudyFields {
  const birthday = parseTimestamp(fields.patientBirthday ?? '');
  const study = parseTimestamp(fields.studyDate ?? '');
  const known = birthday === undefined || study === undefined ? undefined : ageAt(birthday, study);
  if (known === undefined) return fields;
  fields.patientAge = known.age;
  fields.patientAgeUnit = known.unit;
  return fields;
}
