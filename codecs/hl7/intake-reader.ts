// Reads from a message what the intake needs and nothing more: who sent what, and by which numbers it is found again.
import { failed, type Result, succeeded } from '../../schemas/failure.ts';
import { parseStudyInstanceUid } from '../../schemas/identifiers.ts';
import type { Hl7Identifiers } from '../../schemas/records.ts';
import type { Hl7MessageView, Hl7Segment } from './message-view.ts';

export interface Hl7Sender {
  /** MSH-3.1 */
  readonly application: string;
  /** MSH-4.1 */
  readonly facility: string;
}

export interface Hl7Envelope {
  /** MSH-9 as type^event. */
  readonly messageType: string;
  /** MSH-10 */
  readonly controlId: string;
  /** MSH-7 as sent. */
  readonly messageDateTime: string;
  /** MSH-12.1 */
  readonly versionId: string;
}

/** Section 2.15.9.10, as of version 2.7; earlier versions say 20. */
const CONTROL_ID_LENGTH_MAX = 199;
/** Of a text that is only kept to be looked at. */
const TEXT_LENGTH_MAX = 199;
/** A longer number is no identifier, and could not be a key. */
const IDENTIFIER_LENGTH_MAX = 199;
/** Of each kind; a message with more is no order. */
const IDENTIFIERS_MAX = 200;

export function readSender(message: Hl7MessageView): Hl7Sender {
  const header = message.first('MSH');
  return { application: bounded(header, 3), facility: bounded(header, 4) };
}

/** Fails with `hl7.missing_message_type`, `hl7.missing_control_id` or `hl7.control_id_too_long`. */
export function readEnvelope(message: Hl7MessageView): Result<Hl7Envelope> {
  const header = message.first('MSH');
  const controlId = header?.text(10) ?? '';
  if (controlId === '') return failed('hl7.missing_control_id', 'MSH-10 is empty');
  if (controlId.length > CONTROL_ID_LENGTH_MAX) {
    return failed('hl7.control_id_too_long', `MSH-10 has more than ${CONTROL_ID_LENGTH_MAX} characters`);
  }
  const messageType = readMessageType(header);
  if (messageType === '') return failed('hl7.missing_message_type', 'MSH-9 is empty');
  return succeeded({ messageType, controlId, messageDateTime: bounded(header, 7), versionId: bounded(header, 12) });
}

/** Versions before 2.3 left the event out where a type had only one. */
const ONLY_EVENTS: ReadonlyMap<string, string> = new Map([
  ['ORM', 'ORM^O01'],
  ['ORU', 'ORU^R01'],
]);

function readMessageType(header: Hl7Segment | undefined): string {
  const type = bounded(header, 9);
  const event = bounded(header, 9, 2);
  return event === '' ? (ONLY_EVENTS.get(type) ?? type) : `${type}^${event}`;
}

function bounded(segment: Hl7Segment | undefined, field: number, component = 1): string {
  return segment?.text(field, component).slice(0, TEXT_LENGTH_MAX) ?? '';
}

/**
 * Distinct values in the order of the message: accession number OBR-18 and IPC-1, placer order number ORC-2 and OBR-2, filler
 * order number ORC-3 and OBR-3, Study Instance UID ZDS-1, IPC-3 and OBX, patient PID-3, or PID-2 where that is empty.
 */
export function readIdentifiers(message: Hl7MessageView): Hl7Identifiers {
  const accessionNumbers: string[] = [];
  const placerOrderNumbers: string[] = [];
  const fillerOrderNumbers: string[] = [];
  const studyInstanceUids: string[] = [];
  const patientIds: string[] = [];
  for (const segment of message.segments) {
    switch (segment.name) {
      case 'PID':
        addPatientIds(patientIds, segment);
        break;
      case 'ORC':
      case 'OBR':
        add(placerOrderNumbers, segment.text(2));
        add(fillerOrderNumbers, segment.text(3));
        if (segment.name === 'OBR') add(accessionNumbers, segment.text(18));
        break;
      case 'IPC':
        add(accessionNumbers, segment.text(1));
        addUid(studyInstanceUids, segment.text(3));
        break;
      case 'ZDS':
        addUid(studyInstanceUids, segment.text(1));
        break;
      case 'OBX':
        addObservedUid(studyInstanceUids, segment);
        break;
    }
  }
  return { accessionNumbers, placerOrderNumbers, fillerOrderNumbers, studyInstanceUids, patientIds };
}

function addPatientIds(values: string[], segment: Hl7Segment): void {
  const repetitions = Math.min(segment.repetitions(3), IDENTIFIERS_MAX);
  for (let repetition = 1; repetition <= repetitions; repetition += 1) add(values, segment.text(3, 1, repetition));
  if (values.length === 0) add(values, segment.text(2));
}

/** DICOM's code for it, and the words a sender writes. */
const STUDY_UID_LABELS: ReadonlySet<string> = new Set(['110180', '113014', 'study instance uid', 'studyinstanceuid']);

/** A UID of at most 64 characters with what may stand around it. */
const OBSERVED_LENGTH_MAX = 100;
/** Labels of other UIDs, which stand in an OBX of type HD too. */
const OTHER_UID = /series|sop|object|image/;

/** An OBX that says so by its label, or of type HD when its label names no other UID. */
function addObservedUid(values: string[], segment: Hl7Segment): void {
  // Looked at first, since almost every OBX holds a text or a number. HD is namespace id, UID, its type.
  const value = segment.raw(5);
  if (value.length > OBSERVED_LENGTH_MAX || !(isDigit(value, 0) || isDigit(value, 1))) return;
  const uid = segment.text(5) || segment.text(5, 2);
  if (parseStudyInstanceUid(uid) === undefined) return;
  const identifier = segment.text(3).toLowerCase();
  const words = segment.text(3, 2).toLowerCase();
  const labelled = STUDY_UID_LABELS.has(identifier) || STUDY_UID_LABELS.has(words);
  if (labelled || (segment.text(2) === 'HD' && !OTHER_UID.test(identifier) && !OTHER_UID.test(words))) add(values, uid);
}

function isDigit(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0x30 && unit <= 0x39;
}

function addUid(values: string[], text: string): void {
  if (parseStudyInstanceUid(text) !== undefined) add(values, text);
}

/** `""` deletes a value (section 2.5.3); it is none. */
function add(values: string[], text: string): void {
  const value = text.trim();
  if (value === '' || value === '""' || value.length > IDENTIFIER_LENGTH_MAX) return;
  if (values.length < IDENTIFIERS_MAX && !values.includes(value)) values.push(value);
}
