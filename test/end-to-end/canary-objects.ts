// DICOM objects and store events with a word in every text attribute, good ones and broken ones.
import { HEADER_TAG_LIST, type HeaderField, tagText } from '../../codecs/dicom/header-tags.ts';
import { implicit, type OutgoingInstance, text } from '../proofs/modality.ts';
import { type Canaries, DIGITS } from './canary.ts';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const ROOT = '1.2.826.0.1.3680043.10.9999.40';

/** Identifiers, and what is shown to operators by rule: never a word of a patient. */
const NOT_TEXT: ReadonlySet<HeaderField> = new Set([
  ...(['sopClassUid', 'sopInstanceUid', 'studyInstanceUid', 'seriesInstanceUid', 'specificCharacterSet'] as const),
  ...(['accessionNumber', 'modality', 'seriesNumber', 'instanceNumber'] as const),
]);

export function studyUid(number: number): string {
  return `${ROOT}.${number}`;
}

/** In implicit VR little endian. */
export function imageWithCanaries(canaries: Canaries, number: number): OutgoingInstance {
  return instanceOf(canaries, number, {});
}

/** Each for an association of its own. */
export function brokenImages(canaries: Canaries): readonly OutgoingInstance[] {
  const whole = instanceOf(canaries, 91, {});
  const longest = Buffer.alloc(8);
  longest.writeUInt16LE(0x0010, 0);
  longest.writeUInt16LE(0x0010, 2);
  longest.writeUInt32LE(0x7ffffff0, 4);
  const word = (): Buffer => text(canaries.at('a broken object'));
  return [
    instanceOf(canaries, 92, { studyInstanceUid: canaries.at('Study Instance UID') }),
    instanceOf(canaries, 93, { seriesInstanceUid: '' }),
    { ...instanceOf(canaries, 94, {}), sopClassUid: '1.2.840.10008.5.1.4.1.1.4' },
    { ...instanceOf(canaries, 95, {}), sopInstanceUid: canaries.at('Affected SOP Instance UID') },
    { ...whole, dataSet: Buffer.concat([whole.dataSet.subarray(0, 60), longest, word()]) },
    { ...whole, dataSet: Buffer.concat([word(), word()]) },
  ];
}

export function storeEvent(canaries: Canaries, number: number): unknown {
  const event: Record<string, unknown> = {};
  for (const { field, tag, vr } of HEADER_TAG_LIST) {
    const value = valueAt(field, canaries, number, {});
    if (value === '') continue;
    event[tagText(tag)] = { vr, Value: [vr === 'PN' ? { Alphabetic: value } : value] };
  }
  return event;
}

/** Bodies that are answered 400. */
export function brokenStoreEvents(canaries: Canaries): readonly string[] {
  const word = (): string => canaries.at('a broken store event');
  const good = { ...Object(storeEvent(canaries, 96)) };
  return [
    `${word()} is not JSON`,
    JSON.stringify({ [word()]: word() }),
    JSON.stringify([word(), { [word()]: { vr: word(), Value: [word()] } }]),
    JSON.stringify([{ ...good, '0020000D': { vr: 'UI', Value: [word()] } }]),
    JSON.stringify([{ ...good, '00100010': { vr: 'PN', Value: [word()] } }]),
    JSON.stringify([{ ...good, '00100020': { vr: word(), Value: word() } }]),
    JSON.stringify([{ ...good, 'studybridge:event': word(), 'studybridge:order': word() }]),
  ];
}

function instanceOf(
  canaries: Canaries,
  number: number,
  instead: Partial<Record<HeaderField, string>>,
): OutgoingInstance {
  const elements = [...HEADER_TAG_LIST]
    .sort((a, b) => a.tag - b.tag)
    .map(({ field, tag }) =>
      implicit(tag >>> 16, tag & 0xffff, uidOrText(field, valueAt(field, canaries, number, instead))),
    );
  return {
    sopClassUid: CT,
    sopInstanceUid: `${studyUid(number)}.1.1`,
    dataSet: Buffer.concat([...elements, implicit(0x7fe0, 0x0010, Buffer.alloc(64))]),
  };
}

function valueAt(
  field: HeaderField,
  canaries: Canaries,
  number: number,
  instead: Partial<Record<HeaderField, string>>,
): string {
  const given = instead[field];
  if (given !== undefined) return given;
  if (!NOT_TEXT.has(field)) {
    if (field === 'patientBirthDate') return DIGITS.birthday;
    return field === 'patientTelephone' ? DIGITS.telephone : canaries.at(field);
  }
  switch (field) {
    case 'sopClassUid':
      return CT;
    case 'sopInstanceUid':
      return `${studyUid(number)}.1.1`;
    case 'studyInstanceUid':
      return studyUid(number);
    case 'seriesInstanceUid':
      return `${studyUid(number)}.1`;
    case 'specificCharacterSet':
      return 'ISO_IR 192';
    case 'accessionNumber':
      return `ACC${number}`;
    case 'modality':
      return 'CT';
    default:
      return '1';
  }
}

/** UIDs are padded by NUL, which `implicit` does; other text by a space. */
function uidOrText(field: HeaderField, value: string): Buffer {
  return field.endsWith('Uid') ? Buffer.from(value, 'latin1') : text(value);
}
