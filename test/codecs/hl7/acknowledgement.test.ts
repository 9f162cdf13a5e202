// What an answer looks like to its reader.
import { assert, expect, test } from 'vitest';
import { acknowledgementHeader, writeAcknowledgement } from '../../../codecs/hl7/acknowledgement.ts';
import { readHl7Message } from '../../../codecs/hl7/message.ts';
import { failed } from '../../../schemas/failure.ts';

const STAMP = { timestamp: '20260301083000+0000', controlId: 'S1' };
const MISSING = failed('hl7.missing_control_id', 'MSH-10 is empty').failure;

test('acknowledgement: swaps the parties, echoes control id and version, and names the event', () => {
  const answer = acknowledge('MSH|^~\\&|HIS^1.2^ISO|H1|SB|R1|20260301||ORM^O01^ORM_O01|C-77|T|2.3.1^CHN\r');
  expect(answer).toBe('MSH|^~\\&|SB|R1|HIS^1.2^ISO|H1|20260301083000+0000||ACK^O01^ACK|S1|T|2.3.1\rMSA|AA|C-77\r');
});

test('acknowledgement: a refusal carries a plain reason and an error condition of table 0357', () => {
  const text = writeAcknowledgement(header('MSH|^~\\&|HIS|H1|||20260301||ORM^O01||P|2.5.1\r'), 'AE', MISSING, STAMP);
  expect(text.split('\r')).toEqual([
    'MSH|^~\\&|||HIS|H1|20260301083000+0000||ACK^O01^ACK|S1|P|2.5.1',
    'MSA|AE||MSH-10 is empty',
    'ERR||MSH^1^10|101^Required field missing^HL70357|E|hl7.missing_control_id|||MSH-10 is empty',
    '',
  ]);
});

test('acknowledgement: bytes without a readable MSH are answered with the usual delimiters', () => {
  const text = writeAcknowledgement(acknowledgementHeader(undefined), 'AE', MISSING, STAMP);
  expect(text.startsWith('MSH|^~\\&|||||20260301083000+0000||ACK|S1|P|2.5.1\rMSA|AE||')).toBe(true);
});

test.each([
  ['1\\X0A\\{"level":"error"}', '1\\X0A\\{"level":"error"}'],
  ['A^B', 'A^B'],
  ['张1', '\\XE5BCA0\\1'],
  ['a\x1b[2Jb', 'a\\X1B\\[2Jb'],
  ['x\0y', 'x\\X00\\y'],
  ['<script>', '<script>'],
])('acknowledgement: the control id %j is echoed as %j', (sent, echoed) => {
  expect(acknowledge(`MSH|^~\\&|A|B|C|D|||ORM^O01|${sent}|P|2.4\r`)).toContain(`\rMSA|AA|${echoed}\r`);
});

test('acknowledgement: no value from a message can add a segment or leave ASCII', () => {
  const hostile = 'A\\X0D\\MSA|AA\x0b\x1c\x85\u2028张';
  const answer = acknowledge(`MSH|^~\\&|${hostile}|${hostile}|${hostile}|D|||ORM^${hostile}|1|P|2.4${hostile}\r`);
  expect(answer).toMatch(/^[ -~\r]*$/);
  expect(answer.split('\r').map((segment) => segment.slice(0, 3))).toEqual(['MSH', 'MSA', '']);
});

test('acknowledgement: a message with delimiters of its own is answered with them', () => {
  const answer = acknowledge('MSH#@*!$#HIS#H1#SB#R1###ORM@O01#7@8#P#2.4\r');
  expect(answer).toBe('MSH#@*!$#SB#R1#HIS#H1#20260301083000+0000##ACK@O01@ACK#S1#P#2.4\rMSA#AA#7@8\r');
});

test('acknowledgement: a message that lacks delimiters is answered with the usual ones, its values escaped', () => {
  expect(acknowledge('MSH|^|A&B|H||||||7~8|P|2.4\r')).toContain('\rMSA|AA|7\\R\\8\r');
});

test.each([
  ['NE', 'NE', true],
  ['NE', 'AL', false],
  ['', 'NE', false],
  ['AL', 'AL', false],
  ['', '', false],
])('acknowledgement: MSH-15 %j and MSH-16 %j ask for no answer: %j', (accept, application, unwanted) => {
  expect(header(`MSH|^~\\&|A|B|C|D|||ORM^O01|1|P|2.4|||${accept}|${application}\r`).unwanted).toBe(unwanted);
});

function acknowledge(message: string): string {
  return writeAcknowledgement(header(message), 'AA', undefined, STAMP);
}

function header(text: string) {
  const message = readHl7Message(Buffer.from(text), {});
  assert(message.ok);
  return acknowledgementHeader(message.value);
}
