// Events of many studies: orders with changes and cancellations, reports with corrections and withdrawals, instances
// with deletions. Each says itself where it stands in its sender's order, so any order of arrival means the same.
import type { Entry } from '../../schemas/record-entry.ts';
import type { DicomInstance } from '../../schemas/records.ts';
import { deletedEvent, storedEvent } from '../processors/tally/instance-events.ts';
import { logCodec } from './log-records.ts';
import type { WholeWay } from './whole-way.ts';

export type HospitalEvent =
  | { readonly kind: 'message'; readonly bytes: Buffer }
  /** `receivedAtMs` is told at the door. */
  | { readonly kind: 'instance'; readonly instance: DicomInstance };

const SERIES = 3;
const ROOT = '1.2.826.0.1.3680043.10.9999.50';

/** In the order in which they happened: steps of all studies, one after another. */
export function hospitalEvents(studies: number, instancesEach: number): readonly HospitalEvent[] {
  const numbers = Array.from({ length: studies }, (_, number) => number);
  const images = Array.from({ length: instancesEach }, (_, image) => image);
  return [
    ...numbers.map((number) => order(number, 'NW', 0)),
    ...images.flatMap((image) => numbers.map((number) => stored(number, image))),
    ...numbers.filter((number) => number % 4 === 1).map((number) => order(number, 'XO', 1)),
    ...numbers.map((number) => result(number, 'P', 2)),
    ...numbers.filter((number) => number % 3 !== 0).map((number) => result(number, 'F', 3)),
    ...numbers.filter((number) => number % 5 === 2).map((number) => result(number, 'C', 4)),
    ...numbers.filter((number) => number % 10 === 7).map((number) => result(number, 'X', 5)),
    ...numbers.filter((number) => number % 10 === 9).map((number) => order(number, 'CA', 6)),
    ...numbers.filter((number) => number % 2 === 0).map((number) => deleted(number, number % instancesEach)),
    // Late ones.
    ...numbers.filter((number) => number % 7 === 3).map((number) => stored(number, instancesEach)),
  ];
}

/** As the doors make it now. */
export function entryOf(event: HospitalEvent, way: Pick<WholeWay, 'messageEntry' | 'clock'>): Entry {
  if (event.kind === 'message') return way.messageEntry(event.bytes);
  const instance = { ...event.instance, receivedAtMs: way.clock.nowMs() };
  return logCodec.entry('dicom.instances', instance, { trace: '00000000000000aa' });
}

/** Studies that are at the cloud in the end: all but the cancelled ones. */
export function isCancelled(number: number): boolean {
  return number % 10 === 9;
}

function order(number: number, action: string, step: number): HospitalEvent {
  return message(number, 'ORM^O01', step, [
    `ORC|${action}|PL${number}`,
    `OBR|1|PL${number}||CT001^胸部CT平扫 ${step}||||||||||||||ACC${number}||||||CT|||||||^右上腹隐痛 ${step}`,
    `ZDS|${ROOT}.${number}^HIS^Application^DICOM`,
  ]);
}

function result(number: number, status: string, step: number): HospitalEvent {
  const observed = `202603031${step}0000`;
  return message(number, 'ORU^R01', step, [
    `ORC|RE|PL${number}|F${number}`,
    `OBR|1|PL${number}|F${number}|CT001^胸部CT平扫|||20260303091000|||||||||||ACC${number}||||${observed}||CT|${status}`,
    `OBX|1|TX|F^检查所见||第${step}版所见。||||||${status}`,
    `OBX|2|TX|I^检查印象||第${step}版印象。||||||${status}`,
  ]);
}

function message(number: number, type: string, step: number, segments: readonly string[]): HospitalEvent {
  const all = [
    `MSH|^~\\&|HIS|TEST|BRIDGE|CLOUD|2026030308${step}000||${type}|M${number}S${step}|P|2.5.1||||||UNICODE UTF-8`,
    `PID|1||P${number}^^^HIS^MR||测试${number}||19800101|F`,
    ...segments,
  ];
  return { kind: 'message', bytes: Buffer.from(`${all.join('\r')}\r`, 'utf8') };
}

function partsOf(number: number, image: number) {
  const study = `${ROOT}.${number}`;
  const series = `${study}.${image % SERIES}`;
  return { study, series, instance: `${series}.${image}` };
}

function stored(number: number, image: number): HospitalEvent {
  const attributes = { accessionNumber: `ACC${number}`, patientId: `P${number}`, studyDate: '20260303' };
  // The archive numbers its events: a deletion comes after all stores.
  return { kind: 'instance', instance: storedEvent({ ...partsOf(number, image), order: image, attributes }) };
}

function deleted(number: number, image: number): HospitalEvent {
  return { kind: 'instance', instance: deletedEvent({ ...partsOf(number, image), order: 1_000_000 }) };
}
