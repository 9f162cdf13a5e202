// Builds HL7 messages from segments, with the fields a test is about.
import { readHl7Message } from '../../../codecs/hl7/message.ts';
import type { Hl7MessageView } from '../../../codecs/hl7/message-view.ts';
import { mapHl7Message } from '../../../processors/mapping/hl7-mapping.ts';
import type { MappedGroup, MappedOrder, MappedReport } from '../../../processors/mapping/mapped-message.ts';
import { defaultMappingSettings, type MappingSettings } from '../../../processors/mapping/mapping-settings.ts';

export type Fields = Readonly<Record<number, string>>;

export function segment(name: string, fields: Fields): string {
  const last = Math.max(0, ...Object.keys(fields).map(Number));
  return [name, ...Array.from({ length: last }, (_, index) => fields[index + 1] ?? '')].join('|');
}

export function message(type: string, segments: readonly string[]): Hl7MessageView {
  const msh = `MSH|^~\\&|A|B|C|D|20260304100000||${type}|1|P|2.5.1||||||UNICODE UTF-8`;
  const read = readHl7Message(Buffer.from([msh, ...segments].join('\r')), {});
  if (!read.ok) throw new TypeError(read.failure.code);
  return read.value;
}

export function groupsOf(
  type: string,
  segments: readonly string[],
  settings: Partial<MappingSettings> = {},
): readonly MappedGroup[] {
  return mapHl7Message(message(type, segments), { ...defaultMappingSettings, ...settings });
}

/** The one order of a message that has one. */
export function orderOf(segments: readonly string[], settings: Partial<MappingSettings> = {}): MappedOrder {
  const [group] = groupsOf('ORM^O01', segments, settings);
  if (group?.kind !== 'order') throw new TypeError('no order');
  return group;
}

export function reportOf(segments: readonly string[], settings: Partial<MappingSettings> = {}): MappedReport {
  const [group] = groupsOf('ORU^R01', segments, settings);
  if (group?.kind !== 'report') throw new TypeError('no report');
  return group;
}

export function patientOf(fields: Fields): MappedOrder {
  return orderOf([segment('PID', fields), 'ORC|NW', 'OBR|1']);
}
