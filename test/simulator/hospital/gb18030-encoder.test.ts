import { describe, expect, test } from 'vitest';
import { encodeGb18030 } from '../../../simulator/hospital/gb18030-encoder.ts';

const decoder = new TextDecoder('gb18030');

describe('gb18030 encoder', () => {
  test('gb18030 encoder: every character of the basic plane decodes to itself, or is refused', () => {
    const refused: number[] = [];
    for (let codePoint = 0; codePoint <= 0xffff; codePoint += 1) {
      if (codePoint >= 0xd800 && codePoint <= 0xdfff) continue;
      const text = String.fromCodePoint(codePoint);
      try {
        // A byte order mark at the start of a text is taken off by the decoder.
        if (decoder.decode(encodeGb18030(`x${text}`)) !== `x${text}`) expect.fail(codePoint.toString(16));
      } catch (cause) {
        if (!(cause instanceof RangeError)) throw cause;
        refused.push(codePoint);
      }
    }
    // U+FFFD is what the decoder says for no character; what the table lacks beyond it is private use only.
    expect(refused.filter((codePoint) => codePoint !== 0xfffd && (codePoint < 0xe000 || codePoint > 0xf8ff))).toEqual(
      [],
    );
    expect(refused.length).toBeLessThan(100);
  });

  test('gb18030 encoder: characters above the basic plane take four bytes and decode to themselves', () => {
    for (let codePoint = 0x10000; codePoint <= 0x10ffff; codePoint += 97) {
      const text = String.fromCodePoint(codePoint);
      const bytes = encodeGb18030(text);
      expect(bytes).toHaveLength(4);
      expect(decoder.decode(bytes)).toBe(text);
    }
    expect(encodeGb18030('𠮷').toString('hex')).toBe('9534b235');
  });

  test('gb18030 encoder: hanzi whose second byte is a delimiter of HL7 are written with it', () => {
    expect(encodeGb18030('珅').toString('latin1').slice(1)).toBe('|');
    expect(encodeGb18030('玘').toString('latin1').slice(1)).toMatch(/[|^~\\]/);
  });

  test('gb18030 encoder: a lone surrogate is refused', () => {
    expect(() => encodeGb18030('\ud800')).toThrow(RangeError);
  });
});
