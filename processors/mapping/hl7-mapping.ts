/**
 * One HL7 message in the cloud's words.
 *
 * PID, PV1, AL1 and IN1 are read once and belong to every group; ORC, OBR and what follows them make a group of their
 * own. The type of the message decides what a group is: a result carries ORC and OBR too and is never an order.
 */
import type { Hl7MessageView } from '../../codecs/hl7/message-view.ts';
import type { MappedGroup } from './mapped-message.ts';
import { draftFrom, emptyDraft, type MappingResult, mappingResult } from './mapping-draft.ts';
import type { MappingSettings } from './mapping-settings.ts';
import { mapMeasures } from './observation.ts';
import { mapOrder } from './order.ts';
import { mapPatient } from './patient.ts';
import { mapPatientIdentifiers, typedNumbers } from './patient-identifiers.ts';
import { mapReport } from './report.ts';
import { segmentGroups } from './segment-groups.ts';
import { mapStudyFields } from './study-fields.ts';
import { mapVisit } from './visit.ts';

/** MSH-9.1 of the messages whose groups are mapped. */
const GROUP_KINDS: ReadonlyMap<string, MappedGroup['kind']> = new Map([
  ['ORM', 'order'],
  ['OMG', 'order'],
  ['OMI', 'order'],
  ['ORU', 'report'],
]);

/** Never throws; empty for a message that carries neither orders nor results. */
export function mapHl7Message(message: Hl7MessageView, settings: MappingSettings): readonly MappedGroup[] {
  const msh = message.first('MSH');
  const kind = GROUP_KINDS.get(msh?.text(9) ?? '');
  if (kind === undefined) return [];
  const pid = message.first('PID');
  const numbers = typedNumbers(pid);
  const shared = emptyDraft();
  mapPatientIdentifiers(shared, pid, message.all('IN1'), numbers, settings);
  mapPatient(shared, pid);
  const patientClass = mapVisit(shared, message.first('PV1'), pid, numbers);
  const allergies = kind === 'order' ? message.all('AL1') : [];

  const groups = segmentGroups(message);
  return groups.map((group, at): MappedGroup => {
    const draft = at === groups.length - 1 ? shared : draftFrom(shared);
    const identifiers = mapStudyFields(draft, group, patientClass, settings);
    mapMeasures(draft, group.obx);
    if (kind === 'order') {
      const action = mapOrder(draft, group, allergies, settings);
      const { fields, deleted, findings } = mappingResult(draft);
      return { kind, action, identifiers, fields, deleted, findings };
    }
    const report = mapReport(draft, msh, group, settings);
    const { fields, deleted, findings } = mappingResult(draft);
    return { kind, report, identifiers, fields, deleted, findings };
  });
}

/** What any message, an ADT above all, says of the patient. */
export function mapHl7Patient(message: Hl7MessageView, settings: MappingSettings): MappingResult {
  const pid = message.first('PID');
  const draft = emptyDraft();
  mapPatientIdentifiers(draft, pid, message.all('IN1'), typedNumbers(pid), settings);
  mapPatient(draft, pid);
  return mappingResult(draft);
}
