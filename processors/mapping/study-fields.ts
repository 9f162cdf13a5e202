// What an order and a report both say of the study: numbers, procedure, dates, people, departments.
import { parseStudyInstanceUid, type StudyInstanceUid } from '../../schemas/identifiers.ts';
import { ageAt } from './age.ts';
import { isName } from './chinese-text.ts';
import { EMERGENCY_PRIORITIES, MODALITIES, type PatientClass } from './code-tables.ts';
import type { MappedIdentifiers } from './mapped-message.ts';
import { type FieldName, fieldText, type Growing, type MappingDraft, plainText, put, report } from './mapping-draft.ts';
import type { MappingSettings } from './mapping-settings.ts';
import type { Observation } from './observation.ts';
import { person, putPerson, readNamedPerson, readPerson } from './person.ts';
import type { SegmentGroup } from './segment-groups.ts';
import { inSiteTime } from './site-time.ts';
import { cloudDateTime, parseTimestamp } from './timestamp.ts';

export function mapStudyFields(
  draft: MappingDraft,
  group: SegmentGroup,
  patientClass: PatientClass | undefined,
  settings: MappingSettings,
): MappedIdentifiers {
  const identifiers = mapNumbers(draft, group);
  mapProcedure(draft, group, settings);
  mapTimes(draft, group, settings);
  put(draft, 'studyCategory', isEmergency(group, patientClass) ? 'emergency' : 'normal');
  mapPeople(draft, group);
  return identifiers;
}

/** The filler number stands in for a missing accession in `accessNumber`; the identifiers keep the two apart. */
function mapNumbers(draft: MappingDraft, { orc, obr, ipc, zds, obx }: SegmentGroup): MappedIdentifiers {
  const accessionNumber = first(plainText(obr, 18), plainText(ipc, 1));
  const placerOrderNumber = first(plainText(orc, 2), plainText(obr, 2));
  const fillerOrderNumber = first(plainText(orc, 3), plainText(obr, 3));
  const studyInstanceUid = studyUid(draft, { zds, ipc, obx });
  put(draft, 'accessNumber', first(accessionNumber, fillerOrderNumber));
  put(draft, 'hisNum', placerOrderNumber);
  put(draft, 'studyUid', studyInstanceUid ?? '');
  const identifiers: Growing<MappedIdentifiers> = {};
  if (accessionNumber !== '') identifiers.accessionNumber = accessionNumber;
  if (placerOrderNumber !== '') identifiers.placerOrderNumber = placerOrderNumber;
  if (fillerOrderNumber !== '') identifiers.fillerOrderNumber = fillerOrderNumber;
  if (studyInstanceUid !== undefined) identifiers.studyInstanceUid = studyInstanceUid;
  return identifiers;
}

function studyUid(
  draft: MappingDraft,
  { zds, ipc, obx }: Pick<SegmentGroup, 'zds' | 'ipc' | 'obx'>,
): StudyInstanceUid | undefined {
  return (
    validUid(draft, plainText(zds, 1), 'ZDS-1') ??
    validUid(draft, plainText(ipc, 3), 'IPC-3') ??
    validUid(draft, observedUid(obx), 'OBX-5')
  );
}

function validUid(draft: MappingDraft, text: string, where: string): StudyInstanceUid | undefined {
  if (text === '') return undefined;
  const uid = parseStudyInstanceUid(text);
  if (uid === undefined) report(draft, 'studyUid', where, 'mapping.invalid_uid');
  return uid;
}

/** An OBX labelled as the study's UID; or of type HD, where its label names no other kind of UID. */
function observedUid(observations: readonly Observation[]): string {
  let typed = '';
  for (const { kind, valueType, segment } of observations) {
    if (kind === 'studyUid') {
      const uid = plainText(segment, 5);
      if (uid !== '') return uid;
    }
    if (typed === '' && valueType === 'HD' && !/UID/i.test(segment.raw(3))) typed = plainText(segment, 5);
  }
  return typed;
}

function mapProcedure(draft: MappingDraft, { obr, ipc }: SegmentGroup, settings: MappingSettings): void {
  const section = fieldText(draft, 'modality', obr, 24);
  const planned = fieldText(draft, 'modality', ipc, 5);
  put(draft, 'modality', modalityOf(section));
  put(draft, 'modality', modalityOf(planned));
  put(draft, 'modality', modalityOf(plainText(obr, 22)));
  if (planned !== '' && modalityOf(planned) === '') report(draft, 'modality', 'IPC-5', 'mapping.unknown_code');

  // The body site of SPS is its fourth component; many senders write it bare.
  put(draft, 'bodyPart', first(fieldText(draft, 'bodyPart', obr, 15, 4), fieldText(draft, 'bodyPart', obr, 15, 1)));
  put(draft, 'studyDesc', fieldText(draft, 'studyDesc', obr, 4, 2));
  const code = plainText(obr, 4, 1);
  if (isName(code)) put(draft, 'studyDesc', code);

  const procedure = code === '' ? undefined : settings.procedures.get(code);
  if (procedure === undefined) return;
  put(draft, 'modality', procedure.modality ?? '');
  put(draft, 'bodyPart', procedure.bodyPart ?? '');
  put(draft, 'studyDesc', procedure.studyDesc ?? '');
  put(draft, 'scanMode', procedure.scanMode ?? '');
}

/** Only one of DICOM's codes is a modality; anything else in the same place is a department or a time. */
function modalityOf(text: string): string {
  const code = text.toUpperCase();
  return MODALITIES.has(code) ? code : '';
}

function mapTimes(draft: MappingDraft, { orc, obr, tq1 }: SegmentGroup, settings: MappingSettings): void {
  mapTime(draft, 'studyDate', fieldText(draft, 'studyDate', obr, 7), 'OBR-7', settings);
  mapTime(draft, 'appointDate', fieldText(draft, 'appointDate', orc, 7, 4), 'ORC-7.4', settings);
  mapTime(draft, 'appointDate', fieldText(draft, 'appointDate', obr, 27, 4), 'OBR-27.4', settings);
  mapTime(draft, 'appointDate', fieldText(draft, 'appointDate', tq1, 7), 'TQ1-7', settings);
  mapTime(draft, 'appointDate', fieldText(draft, 'appointDate', obr, 36), 'OBR-36', settings);
  mapAge(draft);
}

function mapTime(draft: MappingDraft, field: FieldName, text: string, where: string, settings: MappingSettings): void {
  if (text === '') return;
  const time = parseTimestamp(text);
  if (time === undefined) report(draft, field, where, 'mapping.invalid_date');
  else put(draft, field, cloudDateTime(inSiteTime(time, settings.timezone)));
}

/** The age at the study date; no date of study, no age. */
export function mapAge(draft: MappingDraft): void {
  const birthday = parseTimestamp(draft.fields.get('patientBirthday') ?? '');
  const day = parseTimestamp(draft.fields.get('studyDate') ?? '');
  if (birthday === undefined || day === undefined) return;
  const age = ageAt(birthday, day);
  if (age === undefined) {
    report(draft, 'patientAge', 'PID-7', 'mapping.invalid_date');
    return;
  }
  put(draft, 'patientAge', age.age);
  put(draft, 'patientAgeUnit', age.unit);
}

function isEmergency({ orc, tq1 }: SegmentGroup, patientClass: PatientClass | undefined): boolean {
  if (patientClass === 'emergency') return true;
  return EMERGENCY_PRIORITIES.has(plainText(orc, 7, 6)) || EMERGENCY_PRIORITIES.has(plainText(tq1, 9));
}

function mapPeople(draft: MappingDraft, { orc, obr }: SegmentGroup): void {
  putPerson(draft, 'applyDoctor', 'applyDoctorId', [
    readPerson(draft, 'applyDoctor', orc, 12),
    readPerson(draft, 'applyDoctor', obr, 16),
  ]);
  putPerson(draft, 'applyDept', 'applyDeptId', [
    person(fieldText(draft, 'applyDept', orc, 17, 1), plainText(orc, 17, 2)),
    // PL: only the point of care can name the department of the enterer.
    person(fieldText(draft, 'applyDept', orc, 13, 1), ''),
  ]);
  putPerson(draft, 'examDoctor', 'examDoctorId', [
    readNamedPerson(draft, 'examDoctor', obr, 32),
    readNamedPerson(draft, 'examDoctor', obr, 34),
  ]);
  const section = plainText(obr, 24);
  putPerson(draft, 'examDept', 'examDeptId', [
    person(fieldText(draft, 'examDept', obr, 34, 4), ''),
    person(modalityOf(section) === '' ? section : '', ''),
  ]);
}

function first(one: string, other: string): string {
  return one !== '' ? one : other;
}
