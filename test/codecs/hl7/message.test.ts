// Reading one message: delimiters, segments, fields, escapes, character sets.
import { assert, expect, test } from 'vitest';
import { type Hl7Message, readHl7Message } from '../../../codecs/hl7/message.ts';

const MSH = 'MSH|^~\\&|APP^1.2^ISO|FAC|||20260301||ORU^R01|7|P|2.5.1';

test('message reader: fields, repetitions, components and subcomponents are counted from 1', () => {
  const pid = read(`${MSH}\rPID|1||A1^^^H&1.2&ISO^MR~B2^^^^NI||ZHANG^SAN||""\r`).first('PID');
  expect(pid?.repetitions(3)).toBe(2);
  expect(pid?.components(3, 1)).toBe(5);
  expect(pid?.text(3, 4)).toBe('H');
  expect(pid?.text(3, 4, 1, 2)).toBe('1.2');
  expect(pid?.text(3, 5, 2)).toBe('NI');
  expect(pid?.text(3, 1, 3)).toBe('');
  expect(pid?.text(7)).toBe('""');
  expect([pid?.text(0), pid?.text(-1), pid?.text(99), pid?.text(3, 0), pid?.text(3, 1, 0)]).toEqual([
    '',
    '',
    '',
    '',
    '',
  ]);
  expect([pid?.repetitions(2), pid?.components(2), pid?.repetitions(99)]).toEqual([0, 0, 0]);
});

test('message reader: MSH-1 is the separator and MSH-2 the other delimiters, uncut', () => {
  const msh = read(`${MSH}\r`).first('MSH');
  expect([msh?.text(1), msh?.text(2), msh?.text(3), msh?.text(3, 2), msh?.text(9, 2), msh?.text(12)]).toEqual([
    '|',
    '^~\\&',
    'APP',
    '1.2',
    'R01',
    '2.5.1',
  ]);
});

test('message reader: walking over repetitions in any order gives each its own text', () => {
  const values = Array.from({ length: 50 }, (_, at) => `V${at}`);
  const pid = read(`${MSH}\rPID|1||${values.join('~')}|x~y\r`).first('PID');
  const order = [1, 2, 3, 50, 7, 8, 1, 49, 2];
  expect(order.map((at) => pid?.text(3, 1, at))).toEqual(order.map((at) => `V${at - 1}`));
  expect([pid?.text(4, 1, 2), pid?.text(3, 1, 2), pid?.text(4, 1, 2)]).toEqual(['y', 'V1', 'y']);
});

test('message reader: a field is plain when nothing divides it, escapes resolved', () => {
  const obx = read(`${MSH}\rOBX|1|TX||a|5 \\T\\ 6||b^|c~|d&\r`).first('OBX');
  expect([obx?.plain(5), obx?.plain(6), obx?.plain(99)]).toEqual(['5 & 6', '', '']);
  expect([obx?.plain(7), obx?.plain(8), obx?.plain(9)]).toEqual([undefined, undefined, undefined]);
});

test('message reader: parts of any length are cut at the first separator that follows', () => {
  for (const length of [1, 255, 256, 257, 5000]) {
    const [a, b, c, d] = ['a', '文', 'c', 'd'].map((character) => character.repeat(length));
    const obx = read(`${MSH}\rOBX|1|TX||${a}|${b}&${a}^${c}~${d}^${a}|${d}\rNTE|1\r`).first('OBX');
    expect([obx?.text(4), obx?.text(5), obx?.text(5, 1, 1, 2), obx?.text(5, 2)]).toEqual([a, b, a, c]);
    expect([obx?.text(5, 1, 2), obx?.text(5, 2, 2), obx?.text(6), obx?.text(7)]).toEqual([d, a, d, '']);
    expect([obx?.plain(4), obx?.plain(5), obx?.plain(6)]).toEqual([a, undefined, d]);
    expect([obx?.repetitions(5), obx?.components(5), obx?.components(5, 2)]).toEqual([2, 2, 2]);
  }
});

test.each(['\r', '\n', '\r\n', '\r\r'])('message reader: segments may end with %j', (end) => {
  const message = read([MSH, 'PID|1||P1', 'OBR|1|a|b', ''].join(end));
  expect(message.segments.map(({ name }) => name)).toEqual(['MSH', 'PID', 'OBR']);
  expect(message.first('PID')?.text(3)).toBe('P1');
  expect(message.first('OBR')?.text(3)).toBe('b');
});

test('message reader: a line that is no segment belongs to the field before it, with its line break', () => {
  const obx = read(`${MSH}\rOBX|1|TX|F||first line\r\nMRI\r\nlast 3 cm\rOBX|2|TX|F||next\r`).all('OBX');
  expect(obx.map((segment) => segment.text(5))).toEqual(['first line\nMRI\nlast 3 cm', 'next']);
});

test('message reader: a line with an odd name shifts no field of another segment', () => {
  const message = read(`${MSH}\rnot a segment\r__proto__|1|x\rPID|1||P1\r`);
  expect(message.first('MSH')?.text(12)).toBe('2.5.1');
  expect(message.first('__proto__')?.text(2)).toBe('x');
  expect(message.first('toString')).toBeUndefined();
  expect(message.first('PID')?.text(3)).toBe('P1');
});

test.each([
  ['\\F\\\\S\\\\T\\\\R\\\\E\\', '|^&~\\'],
  ['a\\.br\\b\\.sp2\\c\\.sk3\\d\\.in+4\\e', 'a\nb\n\nc   de'],
  ['\\H\\bold\\N\\', 'bold'],
  ['\\X41424344\\', 'ABCD'],
  ['A\\X0D\\OBX|9', 'A\rOBX'],
  ['\\C2842\\x\\M2442\\y\\MB2C3D4\\', 'xy'],
  ['\\Zlocal\\', '\\Zlocal\\'],
  ['C:\\dir\\file', 'C:\\dir\\file'],
  ['C:\\dir\\F\\file', 'C:\\dir|file'],
  ['\\X0', '\\X0'],
  ['\\X4\\ \\XZZ\\ \\X\\', '\\X4\\ \\XZZ\\ \\X\\'],
  ['\\', '\\'],
  ['\\\\', '\\\\'],
  ['\\.brx\\', '\\.brx\\'],
])('message reader: escapes of %j', (sent, meant) => {
  expect(read(`${MSH}\rNTE|1||${sent}\rPID|1\r`).first('NTE')?.text(3)).toBe(meant);
});

test('message reader: \\X0D\\ never ends a segment', () => {
  const message = read(`${MSH}\rPID|1||A\\X0D\\OBX|1|TX\rORC|NW\r`);
  expect(message.segments.map(({ name }) => name)).toEqual(['MSH', 'PID', 'ORC']);
});

test('message reader: hex escapes are bytes of the character set of the message', () => {
  const bytes = gb18030Message('MSH|^~\\&|A||||||ORU^R01|7|P|2.4||||||GBK\rNTE|1||\\XD5C5\\', []);
  const message = readHl7Message(bytes, {});
  assert(message.ok);
  expect(message.value.first('NTE')?.text(3)).toBe('张');
});

test('message reader: delimiters are those the message declares', () => {
  const pid = read('MSH#@*!$#A#B\rPID#1##a@b$c*d!S!e\r').first('PID');
  expect([pid?.text(3), pid?.text(3, 2), pid?.text(3, 2, 1, 2), pid?.text(3, 1, 2)]).toEqual(['a', 'b', 'c', 'd@e']);
});

test('message reader: an empty MSH-2 means the usual delimiters, a short one only those it names', () => {
  expect(read('MSH||A|B\rPID|1||a^b').first('PID')?.text(3, 2)).toBe('b');
  expect(read('MSH|^|A|B\rPID|1||a^b&c~d\\F\\').first('PID')?.text(3, 2)).toBe('b&c~d\\F\\');
});

test.each([
  ['', 'hl7.missing_header'],
  ['PID|1', 'hl7.missing_header'],
  ['FHS|^~\\&', 'hl7.missing_header'],
  ['MSH', 'hl7.unreadable_header'],
  ['MSH\r^~\\&', 'hl7.unreadable_header'],
  ['MSHA^~\\&', 'hl7.unreadable_header'],
  [`${MSH}\r${'A|\r'.repeat(200_000)}`, 'hl7.too_many_segments'],
])('message reader: what is no message fails: %#', (text, code) => {
  const result = readHl7Message(Buffer.from(text), {});
  expect(result.ok ? '' : result.failure.code).toBe(code);
});

/** 张三 and 珅, whose trail byte is a delimiter, in GBK. */
const ZHANG_SAN = [0xd5, 0xc5, 0xc8, 0xfd];
const SHEN = [0xab, 0x7c];

test('character set: a name in MSH-4 whose trail byte is a delimiter does not hide MSH-18', () => {
  const head = Buffer.from('MSH|^~\\&|A|');
  const tail = Buffer.from('|||20260301||ORU^R01|7|P|2.4||||||GBK\rPID|1||P1||x');
  const result = readHl7Message(Buffer.concat([head, Buffer.from(SHEN), tail]), {});
  assert(result.ok);
  expect(result.value.charset.declared).toEqual([{ where: 'MSH-18', value: 'GBK' }]);
  expect(result.value.first('MSH')?.text(10)).toBe('7');
});

test('character set: a configured default is trusted where the message declares nothing, and only there', () => {
  const latin = Buffer.from(`${MSH}\rPID|1||P1||M\xfcller`, 'latin1');
  const configured = readHl7Message(latin, { defaultCharset: '8859/1' });
  assert(configured.ok);
  expect(configured.value.first('PID')?.text(5)).toBe('Müller');
  expect(configured.value.charset).toEqual({
    declared: [{ where: 'configured', value: '8859/1' }],
    used: 'iso-8859-1',
    contradicted: false,
    byteOrderMark: false,
  });
  const declared = readHl7Message(gb18030Message(`${MSH}||||||GB18030\rPID|1||P1||`, ZHANG_SAN), {
    defaultCharset: '8859/1',
  });
  assert(declared.ok);
  expect(declared.value.first('PID')?.text(5)).toBe('张三');
  expect(declared.value.charset.declared).toEqual([{ where: 'MSH-18', value: 'GB18030' }]);
});

test('character set: ISO 8859-1 keeps its control characters instead of becoming windows-1252', () => {
  const result = readHl7Message(Buffer.from(`${MSH}||||||8859/1\rPID|1||\x80\x9f\xe9`, 'latin1'), {});
  assert(result.ok);
  expect(result.value.first('PID')?.text(3)).toBe('\x80\x9f\xe9');
});

test.each([
  ['8859/9', 0xfd, 'ı'],
  ['8859/15', 0xa4, '€'],
  ['8859/11', 0xa1, 'ก'],
  ['8859/5', 0xd0, 'а'],
])('character set: %s is decoded by its own table', (name, byte, character) => {
  const result = readHl7Message(
    Buffer.from(`${MSH}||||||${name}\rPID|1||\x85${String.fromCharCode(byte)}`, 'latin1'),
    {},
  );
  assert(result.ok);
  expect(result.value.first('PID')?.text(3)).toBe(`\x85${character}`);
});

test('character set: text in UTF-8 with a character cut apart is not taken for GB18030', () => {
  const text = Buffer.from(`${MSH}||||||UNICODE UTF-8\rOBX|1|TX|F||右肺上叶见磨玻璃结节边界欠清`);
  const result = readHl7Message(text.subarray(0, text.length - 1), {});
  assert(result.ok);
  expect(result.value.charset).toMatchObject({ used: 'utf-8', contradicted: true });
  expect(result.value.first('OBX')?.text(5)).toMatch(/^右肺上叶见磨玻璃结节边界欠/);
});

test('character set: two hanzi of GB2312 that are well-formed UTF-8 too are read as declared', () => {
  const result = readHl7Message(gb18030Message(`${MSH}||||||GB2312\rPID|1||`, [0xc2, 0xa1, 0xd3, 0xa1]), {});
  assert(result.ok);
  expect(result.value.first('PID')?.text(3)).toBe('隆印');
  expect(result.value.charset.contradicted).toBe(false);
});

test('character set: text in UTF-8 that is well-formed GB18030 too, by chance, is read as UTF-8 whatever is declared', () => {
  const result = readHl7Message(Buffer.from(`${MSH}||||||GB2312\rPID|1||张三李四`), {});
  assert(result.ok);
  expect(result.value.first('PID')?.text(3)).toBe('张三李四');
  expect(result.value.charset).toMatchObject({ used: 'utf-8', contradicted: true });
});

test('character set: of several in MSH-18 the one that fits is used', () => {
  const result = readHl7Message(gb18030Message(`${MSH}||||||ASCII~GB18030\rPID|1||`, ZHANG_SAN), {});
  assert(result.ok);
  expect(result.value.charset).toMatchObject({ used: 'gb18030', contradicted: false });
});

test.each(Array.from({ length: 20 }, (_, part) => `8859/${part}`))('character set: %s never throws', (name) => {
  expect(readHl7Message(Buffer.from(`${MSH}||||||${name}\rPID|1||\xe9`, 'latin1'), {}).ok).toBe(true);
  expect(readHl7Message(Buffer.from(`${MSH}\rPID|1||\xe9`, 'latin1'), { defaultCharset: name }).ok).toBe(true);
});

test('character set: a message in UTF-16 with its mark is read', () => {
  const result = readHl7Message(Buffer.from(`\ufeff${MSH}\rPID|1||张三`, 'utf16le'), {});
  assert(result.ok);
  expect(result.value.first('PID')?.text(3)).toBe('张三');
  expect(result.value.charset).toMatchObject({ used: 'utf-16le', byteOrderMark: true });
});

test('character set: a name nobody knows is recorded and contradicts nothing', () => {
  const result = readHl7Message(Buffer.from(`${MSH}||||||KLINGON\rPID|1||张`), {});
  assert(result.ok);
  expect(result.value.charset).toEqual({
    declared: [{ where: 'MSH-18', value: 'KLINGON' }],
    used: 'utf-8',
    contradicted: false,
    byteOrderMark: false,
  });
});

function gb18030Message(ascii: string, hanzi: readonly number[]): Buffer {
  return Buffer.concat([Buffer.from(ascii, 'latin1'), Buffer.from(hanzi)]);
}

function read(text: string): Hl7Message {
  const result = readHl7Message(Buffer.from(text), {});
  assert(result.ok, result.ok ? '' : result.failure.code);
  return result.value;
}
