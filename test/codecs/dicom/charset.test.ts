import { describe, expect, test } from 'vitest';
import { decodeTexts } from '../../../codecs/dicom/charset.ts';

const GB = { zhang: 'd5c5', san: 'c8fd' };
const UTF8_NAME = Buffer.from('Zhang^San=张^三');
const GB_NAME = Buffer.concat([Buffer.from('Zhang^San='), Buffer.from(`${GB.zhang}5e${GB.san}`, 'hex')]);
/** With ESC $ ) A before each part, since the delimiters ^ and = end it. */
const IR58_NAME = Buffer.concat([
  Buffer.from('Zhang^San='),
  Buffer.from(`1b242941${GB.zhang}5e1b242941${GB.san}`, 'hex'),
]);
const NAME = 'Zhang^San=张^三';

function decode(declared: string, bytes: Uint8Array) {
  const { texts, charset } = decodeTexts(declared, [{ bytes, vr: 'PN' }]);
  return { text: texts[0], used: charset.used, flagged: charset.flagged };
}

describe('DICOM charset', () => {
  test.each([
    ['ISO_IR 192', UTF8_NAME, 'ISO_IR 192', false],
    ['GB18030', GB_NAME, 'GB18030', false],
    ['GBK', GB_NAME, 'GBK', false],
    ['\\ISO 2022 IR 58', IR58_NAME, 'ISO 2022 IR 6\\ISO 2022 IR 58', false],
    // Misspelt, and understood.
    ['ISO 2022 GBK', GB_NAME, 'GBK', true],
    ['ISO 2022 58', IR58_NAME, 'ISO 2022 IR 58', true],
    ['\\ISO 2022 58', IR58_NAME, 'ISO 2022 IR 6\\ISO 2022 IR 58', true],
    ['iso-ir 192', UTF8_NAME, 'ISO_IR 192', true],
    ['UTF-8', UTF8_NAME, 'ISO_IR 192', true],
    ['GB2312', GB_NAME, 'GB18030', true],
    // Absent, unknown, or contradicted by the bytes.
    ['', UTF8_NAME, 'ISO_IR 192', true],
    ['', GB_NAME, 'GB18030', true],
    ['ISO_IR 6', GB_NAME, 'GB18030', true],
    ['KLINGON', UTF8_NAME, 'ISO_IR 192', true],
    ['KLINGON', GB_NAME, 'GB18030', true],
    ['ISO_IR 192', GB_NAME, 'GB18030', true],
    ['GB18030', UTF8_NAME, 'ISO_IR 192', true],
    ['\\ISO 2022 IR 58', GB_NAME, 'GB18030', true],
    ['\\ISO 2022 IR 58', UTF8_NAME, 'ISO_IR 192', true],
    ['ISO_IR 192\\GB18030', UTF8_NAME, 'ISO_IR 192\\GB18030', false],
  ])('reads a name declared %j', (declared, bytes, used, flagged) => {
    expect(decode(declared, bytes)).toEqual({ text: NAME, used, flagged });
  });

  test.each([
    ['', 'ISO_IR 6', false],
    ['ISO_IR 100', 'ISO_IR 100', false],
    ['ISO 2022 GBK', 'GBK', true],
    ['KLINGON', 'ISO_IR 6', true],
  ])('reads seven-bit text declared %j without a guess', (declared, used, flagged) => {
    expect(decode(declared, Buffer.from('Zhang^San'))).toEqual({ text: 'Zhang^San', used, flagged });
  });

  test('reads Latin, Cyrillic, Greek and Thai by their declaration', () => {
    expect(decode('ISO_IR 100', Buffer.from('Buc^J\xe9r\xf4me', 'latin1')).text).toBe('Buc^Jérôme');
    expect(decode('ISO_IR 144', Buffer.from([0xbb, 0xee, 0xda])).text).toBe('Люк');
    expect(decode('ISO_IR 126', Buffer.from([0xc4, 0xe9])).text).toBe('Δι');
    expect(decode('ISO_IR 166', Buffer.from([0xa1])).text).toBe('ก');
  });

  test('reads the yen sign and the overline of ISO_IR 13 as such', () => {
    expect(decodeTexts('ISO_IR 13', [{ bytes: Buffer.from([0xd4, 0xcf]), vr: 'LO' }]).texts).toEqual(['ﾔﾏ']);
    expect(decodeTexts('ISO_IR 13', [{ bytes: Buffer.from('~'), vr: 'LO' }]).texts).toEqual(['‾']);
  });

  test('keeps a backslash or caret that is the second byte of a GB18030 character inside its character', () => {
    for (const [hanzi, bytes] of [
      ['昞', 'fd7c'],
      ['珅', 'ab5c'],
      ['玘', 'ab5e'],
    ] as const) {
      const decoder = new TextDecoder('gb18030');
      const raw = Buffer.from(bytes, 'hex');
      expect(decode('GB18030', raw).text).toBe(decoder.decode(raw));
      expect(hanzi.length).toBe(1);
    }
  });

  test('takes one guess for the whole object, so that chance UTF-8 in one value does not split it', () => {
    // C1 AA is no UTF-8, CD A8 is: together they are a word of GBK.
    const { texts, charset } = decodeTexts('', [
      { bytes: Buffer.from('cda8', 'hex'), vr: 'LO' },
      { bytes: Buffer.from('c1aa', 'hex'), vr: 'LO' },
    ]);
    expect(texts).toEqual(['通', '联']);
    expect(charset.used).toBe('GB18030');
  });

  test('reads an object whose name has the escapes of IR 58 and whose other text lacks them', () => {
    for (const declared of ['\\ISO 2022 IR 58', '']) {
      const { texts, charset } = decodeTexts(declared, [
        { bytes: IR58_NAME, vr: 'PN' },
        { bytes: Buffer.from(GB.zhang, 'hex'), vr: 'LO' },
      ]);
      expect([texts, charset.used, charset.flagged]).toEqual([[NAME, '张'], 'GB18030', true]);
    }
  });

  test('replaces what no encoding explains, and flags it', () => {
    const reading = decode('ISO_IR 192', Buffer.from([0xff, 0xff, 0x41]));
    expect(reading.flagged).toBe(true);
    expect(reading.text).toContain('A');
  });

  test('guesses where an escape sequence was not declared', () => {
    const undeclared = Buffer.from('1b2429434141', 'hex');
    expect(decode('\\ISO 2022 IR 58', undeclared).flagged).toBe(true);
  });
});
