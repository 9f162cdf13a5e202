// What no part can use, by kind: an entry, and the dead letter it must become.
import type { Entry } from '../../schemas/record-entry.ts';
import type { Hl7Message, TopicName } from '../../schemas/records.ts';
import { deletedEvent, storedEvent } from '../processors/tally/instance-events.ts';
import { decoded } from '../processors/task-harness.ts';
import { logCodec } from './log-records.ts';
import type { WholeWay } from './whole-way.ts';

export interface Poison {
  readonly entry: Entry;
  readonly stage: string;
  readonly code: string;
}

/** What a message becomes at the MLLP door. */
type Door = Pick<WholeWay, 'messageEntry'>;
type PoisonMaker = (door: Door, number: number) => Poison;

const TRACE = { trace: '00000000000000bb' };
const HEAD = 'MSH|^~\\&|HIS|TEST|BRIDGE|CLOUD|20260303080000||ORM^O01';
const END = 'P|2.5.1||||||UNICODE UTF-8\rPID|1||P1^^^HIS^MR||测试||19800101|F\r';

const KINDS: readonly PoisonMaker[] = [
  // Refused at the door, and a dead letter at once.
  (door) => ({ entry: message(door, `${HEAD}||${END}`), stage: 'intake', code: 'hl7.missing_control_id' }),
  (door) => ({ entry: message(door, 'no header at all'), stage: 'intake', code: 'hl7.missing_header' }),
  // Accepted, and not usable.
  (door, number) => ({
    entry: message(door, `${HEAD}|X${number}|${END}`),
    stage: 'assembly',
    code: 'assembly.nothing_usable',
  }),
  (door, number) => ({
    entry: message(door, `${HEAD}|X${number}|${END}ORC|NW\rOBR|1|||CT001^CT\r`),
    stage: 'assembly',
    code: 'assembly.no_identifier',
  }),
  (door, number) => ({ entry: withoutHeader(door, number), stage: 'assembly', code: 'hl7.missing_header' }),
  ...recordKinds('hl7.messages', 'assembly'),
  (_, number) => ({
    entry: instance({ ...storedEvent({ instance: '1.2.3' }), studyInstanceUid: `../${number}` }),
    stage: 'tally',
    code: 'tally.invalid_uid',
  }),
  () => ({
    entry: instance(deletedEvent({ instance: '1.2.3', order: null })),
    stage: 'tally',
    code: 'tally.deletion_without_order',
  }),
  ...recordKinds('dicom.instances', 'tally'),
  ...recordKinds('study.images', 'assembly'),
];

export const POISON_KINDS = KINDS.length;

export function poisonOf(door: Door, number: number): Poison {
  const maker = KINDS[number % KINDS.length];
  if (maker === undefined) throw new RangeError('there is a kind for every number');
  return maker(door, number);
}

/** Bytes that are no record, a record that was cut short, and none at all. */
function recordKinds(topic: TopicName, stage: string): readonly PoisonMaker[] {
  const part = topic === 'dicom.instances' ? 'tally' : 'assembly';
  return [
    (_, number) => ({
      entry: raw(topic, Buffer.from(`not a record ${number}`)),
      stage,
      code: 'avro.unknown_schema',
    }),
    (door, number) => ({ entry: cutShort(topic, door, number), stage, code: 'avro.undecodable' }),
    () => ({ entry: raw(topic, null), stage, code: `${part}.no_value` }),
  ];
}

function message(door: Door, text: string): Entry {
  return door.messageEntry(Buffer.from(text, 'utf8'));
}

/** As an older or broken connector might have recorded it. */
function withoutHeader(door: Door, number: number): Entry {
  const good = decoded(logCodec, 'hl7.messages', message(door, `${HEAD}|X${number}|${END}ORC|NW|PLX\r`));
  const broken: Hl7Message = { ...good, raw: Buffer.from('PID|1||P1\r') };
  return logCodec.entry('hl7.messages', broken, TRACE);
}

function instance(event: ReturnType<typeof storedEvent>): Entry {
  return logCodec.entry('dicom.instances', event, TRACE);
}

function cutShort(topic: TopicName, door: Door, number: number): Entry {
  const whole =
    topic === 'dicom.instances'
      ? instance(storedEvent({ instance: '1.2.3' })).value
      : message(door, `${HEAD}|X${number}|${END}`).value;
  // The mark of a schema must be the topic's own, so that it is the body that is found wanting.
  const head = topic === 'study.images' ? imagesMark() : Buffer.from(whole ?? []).subarray(0, 10);
  return raw(topic, Buffer.concat([head, Buffer.from(whole ?? []).subarray(10, 40)]));
}

function imagesMark(): Buffer {
  const counts = { images: 0, structuredReports: 0, doseReports: 0, pdfs: 0, keyObjects: 0, presentationStates: 0 };
  const attributes = storedEvent({ instance: '1.2.3' }).attributes?.study;
  if (attributes === undefined) throw new TypeError('a stored event has attributes');
  const times = { firstEventAtMs: 0, lastEventAtMs: 0 };
  const snapshot = {
    site: 'default',
    studyInstanceUid: '1.2.3',
    revision: 1,
    ...times,
    counts,
    series: [],
    attributes,
  };
  return Buffer.from(logCodec.encode('study.images', snapshot)).subarray(0, 10);
}

function raw(topic: TopicName, value: Uint8Array | null): Entry {
  return {
    topic,
    key: 'default/poison',
    partitionKey: 'default',
    value,
    headers: new Map([
      ['site', 'default'],
      ['trace', TRACE.trace],
    ]),
  };
}
