// HL7 messages with a word in every field and component that is not an identifier, good ones and broken ones.
import { type Canaries, DIGITS } from './canary.ts';

/** Fields of a segment that hold what the bridge needs; all others get words. */
type Needed = Readonly<Record<number, string>>;

const FIELDS: Readonly<Record<string, number>> = {
  PID: 39,
  PV1: 52,
  ORC: 31,
  OBR: 50,
  OBX: 19,
  NTE: 4,
  DG1: 21,
  AL1: 6,
  IN1: 53,
  ZDS: 4,
};

export function orderMessage(canaries: Canaries, number: number, needed: { readonly uid: string }): string {
  const placer = `PL${number}`;
  return joined([
    head('ORM^O01', `CTL${number}O`, canaries),
    patient(canaries),
    visit(canaries),
    segment('ORC', canaries, { 1: 'NW', 2: placer, 3: '' }),
    segment('OBR', canaries, { 1: '1', 2: placer, 3: '', 18: `ACC${number}`, 24: 'CT', 25: 'F' }),
    segment('NTE', canaries, { 1: '1' }),
    segment('DG1', canaries, { 1: '1' }),
    segment('AL1', canaries, { 1: '1' }),
    segment('IN1', canaries, { 1: '1' }),
    `ZDS|${needed.uid}^${canaries.at('ZDS-1.2')}|${canaries.at('ZDS-2')}`,
  ]);
}

export function resultMessage(canaries: Canaries, number: number): string {
  const placer = `PL${number}`;
  return joined([
    head('ORU^R01', `CTL${number}R`, canaries),
    patient(canaries),
    visit(canaries),
    segment('ORC', canaries, { 1: 'RE', 2: placer, 3: `F${number}` }),
    segment('OBR', canaries, { 1: '1', 2: placer, 3: `F${number}`, 18: `ACC${number}`, 22: '20260303101500', 25: 'F' }),
    segment('OBX', canaries, { 1: '1', 2: 'TX', 3: 'F^检查所见', 11: 'F' }),
    segment('OBX', canaries, { 1: '2', 2: 'TX', 3: 'I^检查印象', 11: 'F' }),
    segment('OBX', canaries, { 1: '3', 2: 'TX' }),
    `OBX|4|ED|PDF||^Application^PDF^Base64^${Buffer.from(`%PDF-1.4 ${canaries.at('a PDF')}`).toString('base64')}||||||F`,
    segment('NTE', canaries, { 1: '1' }),
  ]);
}

/** What is refused at the door, or accepted and not usable. Nothing in them is an identifier. */
export function brokenMessages(canaries: Canaries, frameBytesMax: number): readonly string[] {
  const word = (): string => canaries.at('a broken message');
  const order = (controlId: string, ...segments: readonly string[]): string =>
    joined([head('ORM^O01', controlId, canaries), patient(canaries), ...segments]);
  return [
    order('', segment('ORC', canaries, { 1: 'NW', 2: 'PLX', 3: '' })),
    `${word()}|no header`,
    `MSH${word()}`,
    `MSH|^~\\&|HIS|TEST|||20260303|${word()}\rPID|1||${word()}`,
    order('CTLNOTHING'),
    order(
      'CTLNOID',
      segment('ORC', canaries, { 1: 'NW', 2: '', 3: '' }),
      segment('OBR', canaries, { 2: '', 3: '', 18: '' }),
    ),
    order(
      'CTLDATES',
      segment('ORC', canaries, { 2: 'PLD', 3: '' }),
      segment('OBR', canaries, { 2: 'PLD', 3: '', 18: 'ACCD' }),
    ),
    joined([head('ADT^A08', 'CTLADT', canaries), patient(canaries), visit(canaries)]),
    joined([head('SIU^S12', 'CTLSIU', canaries), patient(canaries)]),
    order('CTLZDS', segment('ORC', canaries, { 2: 'PLZ', 3: '' }), `OBR|1|PLZ`, segment('ZDS', canaries, {})),
    order('CTLLONG', `NTE|1||${word().repeat(frameBytesMax / 8)}`),
  ];
}

function head(type: string, controlId: string, canaries: Canaries): string {
  const security = canaries.at('MSH-8');
  return `MSH|^~\\&|HIS|TEST|BRIDGE|CLOUD|20260303090000|${security}|${type}|${controlId}|P|2.5.1|||AL|NE|CHN|UNICODE UTF-8||${canaries.at('MSH-20')}|${canaries.at('MSH-21')}`;
}

function patient(canaries: Canaries): string {
  const identifier = canaries.at('PID-3.1');
  return segment('PID', canaries, {
    1: '1',
    3: `${identifier}^^^HIS^MR~${DIGITS.citizen}^^^GOV^IdentifyNO~${canaries.at('PID-3.1')}^${canaries.at('PID-3.2')}`,
    5: `金丝雀${canaries.at('PID-5')}`,
    7: DIGITS.birthday,
    8: 'F',
    13: DIGITS.telephone,
  });
}

function visit(canaries: Canaries): string {
  return segment('PV1', canaries, { 1: '1', 2: 'I' });
}

/** Every field with two repetitions, two components and a subcomponent. */
function segment(name: string, canaries: Canaries, needed: Needed): string {
  const fields = Array.from({ length: FIELDS[name] ?? 0 }, (_, at) => {
    const given = needed[at + 1];
    if (given !== undefined) return given;
    const word = (part: string): string => canaries.at(`${name}-${at + 1}${part}`);
    return `${word('.1')}^${word('.2.1')}&${word('.2.2')}^${word('.3')}~${word('.1, repeated')}`;
  });
  return [name, ...fields].join('|');
}

function joined(segments: readonly string[]): string {
  return `${segments.join('\r')}\r`;
}
