// The ORC/OBR groups of a message: each is an order or a report of its own.
import type { Hl7MessageView, Hl7Segment } from '../../codecs/hl7/message-view.ts';
import { type Observation, readObservation } from './observation.ts';

export interface SegmentGroup {
  orc: Hl7Segment | undefined;
  obr: Hl7Segment | undefined;
  tq1: Hl7Segment | undefined;
  zds: Hl7Segment | undefined;
  ipc: Hl7Segment | undefined;
  readonly dg1: Hl7Segment[];
  readonly obx: Observation[];
  /** Notes to the order; a note after an OBX is that observation's. */
  readonly nte: Hl7Segment[];
}

/** The most groups of a message that are read: what a sender could otherwise make one message cost. */
const GROUPS_MAX = 1_000;

/**
 * ORC begins a group, and so does an OBR where the group has one. What stands before the first belongs to the patient
 * or the visit. An OBR without an ORC of its own has none: the ORC before it names another order.
 */
export function segmentGroups(message: Hl7MessageView): readonly SegmentGroup[] {
  const groups: SegmentGroup[] = [];
  let group: SegmentGroup | undefined;
  const begin = (): SegmentGroup => {
    const next = emptyGroup();
    groups.push(next);
    return next;
  };
  for (const segment of message.segments) {
    const { name } = segment;
    if (name === 'ORC' || (name === 'OBR' && (group === undefined || group.obr !== undefined))) {
      if (groups.length >= GROUPS_MAX) break;
      group = begin();
    }
    if (group !== undefined) place(group, segment);
  }
  return groups;
}

function place(group: SegmentGroup, segment: Hl7Segment): void {
  switch (segment.name) {
    case 'ORC':
      group.orc = segment;
      break;
    case 'OBR':
      group.obr = segment;
      break;
    case 'TQ1':
      group.tq1 ??= segment;
      break;
    case 'ZDS':
      group.zds ??= segment;
      break;
    case 'IPC':
      group.ipc ??= segment;
      break;
    case 'DG1':
      group.dg1.push(segment);
      break;
    case 'OBX':
      group.obx.push(readObservation(segment));
      break;
    case 'NTE':
      if (group.obx.length === 0) group.nte.push(segment);
      break;
    default:
  }
}

function emptyGroup(): SegmentGroup {
  return {
    orc: undefined,
    obr: undefined,
    tq1: undefined,
    zds: undefined,
    ipc: undefined,
    dg1: [],
    obx: [],
    nte: [],
  };
}
