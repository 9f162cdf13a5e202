// The fields of a study from its sources: order, report, images.
import { ageAt } from '../mapping/age.ts';
import type { MappedFields } from '../mapping/mapped-message.ts';
import { parseTimestamp } from '../mapping/timestamp.ts';
import type { ImagesSummary, Layer } from './dossier.ts';
import type { LinkedStudy } from './fact-links.ts';
import { FIELD_SOURCES, type FieldSource, MAPPED_FIELDS, type MappedField } from './field-sources.ts';
import { layersOf } from './message-layer.ts';
import type { OrderStanding } from './order-standing.ts';
import type { StandingReport } from './report-standing.ts';

/** Values by field; absent where no source has one. */
export type StudyFields = { -readonly [Field in MappedField]?: string };

export function studyFields(
  linked: LinkedStudy,
  { standing }: OrderStanding,
  reports: readonly StandingReport[],
  images: ImagesSummary | null,
): StudyFields {
  const evidence: Evidence = {
    orders: layersOf(standing),
    reports: layersOf(reports.filter(({ status }) => status !== null).flatMap(({ facts }) => facts)),
    images: images?.fields ?? {},
  };
  const fields: StudyFields = {};
  for (const field of MAPPED_FIELDS) {
    const value = fieldValue(field, evidence);
    if (value !== undefined) fields[field] = value;
  }
  if (linked.sharedOrders.length > 0) fillIn(fields, layersOf(linked.sharedOrders), SHARED_FIELDS);
  // A withdrawn report may be about another patient: it is asked last, and only so that a study the cloud already has can be
  // sent again.
  const withdrawn = reports.filter(({ status }) => status === null).flatMap(({ facts }) => facts);
  if (withdrawn.length > 0) fillIn(fields, layersOf(withdrawn), CLASS_A_FROM_WITHDRAWN);
  return withAgeAtStudy(withUnitOfSameSource(fields, evidence));
}

interface Evidence {
  readonly orders: readonly Layer[];
  readonly reports: readonly Layer[];
  readonly images: MappedFields;
}

interface Saying {
  readonly stamp: string;
  /** undefined: deleted. */
  readonly value: string | undefined;
}

/** What holds for a whole placer order; what was asked for differs between its examinations. */
const SHARED_FIELDS: readonly MappedField[] = MAPPED_FIELDS.filter(
  (field) => FIELD_SOURCES[field].sources[0] === 'order' && field !== 'appointDate' && field !== 'studyRequirement',
);

const CLASS_A_FROM_WITHDRAWN: readonly MappedField[] = ['patientId', 'patientName', 'patientSex', 'modality'];

function fieldValue(field: MappedField, evidence: Evidence): string | undefined {
  const { sources } = FIELD_SOURCES[field];
  if (sources.length === 0) return undefined;
  const order = newestSaying(evidence.orders, field);
  const report = newestSaying(evidence.reports, field);
  for (const source of sources) {
    const value = valueFrom(source, field, evidence, order, report);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** `""` deletes what earlier messages brought, whichever kind of message: a value older than the other's deletion is gone. */
function valueFrom(
  source: FieldSource,
  field: MappedField,
  { images }: Evidence,
  order: Saying | undefined,
  report: Saying | undefined,
): string | undefined {
  if (source === 'images') return images[field];
  const [own, other] = source === 'order' ? [order, report] : [report, order];
  if (own?.value === undefined) return undefined;
  const deletedLater = other !== undefined && other.value === undefined && other.stamp > own.stamp;
  return deletedLater ? undefined : own.value;
}

function newestSaying(layers: readonly Layer[], field: MappedField): Saying | undefined {
  for (const layer of layers) {
    const value = layer.fields[field];
    if (value !== undefined) return { stamp: layer.stamp, value };
    if (layer.deleted.includes(field)) return { stamp: layer.stamp, value: undefined };
  }
  return undefined;
}

function fillIn(fields: StudyFields, layers: readonly Layer[], wanted: readonly MappedField[]): void {
  for (const field of wanted) {
    if (fields[field] !== undefined) continue;
    const value = newestSaying(layers, field)?.value;
    if (value !== undefined) fields[field] = value;
  }
}

/** An age without its unit, or with that of another source, is another age. */
function withUnitOfSameSource(fields: StudyFields, { orders, reports, images }: Evidence): StudyFields {
  if (fields.patientAge === undefined) {
    delete fields.patientAgeUnit;
    return fields;
  }
  const layers = [...orders, ...reports].map((layer) => layer.fields);
  const source = [...layers, images].find(({ patientAge }) => patientAge === fields.patientAge);
  if (source?.patientAgeUnit === undefined) {
    delete fields.patientAge;
    delete fields.patientAgeUnit;
  } else {
    fields.patientAgeUnit = source.patientAgeUnit;
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
