// The reader against other people's readings of the corpus.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TextDecoder } from 'node:util';
import { assert, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Hl7Message, readHl7Message } from '../../../codecs/hl7/message.ts';
import { corpusFolder } from '../../requirements.ts';
import { corpusMessage, expectedLines, messageFiles, oracleLines } from './corpus-messages.ts';

const corpus = corpusFolder() ?? '';

describe.skipIf(corpus === '')('HL7 message reader on the corpus', () => {
  test('message reader: reads MSH, PID, ORC and OBR of every message as python-hl7 does', () => {
    const lines = oracleLines(corpus);
    expect(lines.length).toBe(333);
    for (const line of lines) {
      const message = read(corpusMessage(corpus, line.file));
      const field = (name: string, number: number): string => message.first(name)?.raw(number) ?? '';
      const ours = {
        MSH9: field('MSH', 9),
        MSH10: field('MSH', 10),
        MSH12: field('MSH', 12),
        PID3: field('PID', 3),
        PID5: field('PID', 5),
        PID7: field('PID', 7),
        ORC1: field('ORC', 1),
        OBR2: field('OBR', 2),
        OBR3: field('OBR', 3),
        OBR4: field('OBR', 4),
        OBR18: field('OBR', 18),
        OBR24: field('OBR', 24),
        OBR25: field('OBR', 25),
      };
      const theirs = Object.fromEntries(
        Object.keys(ours).map((key) => [key, Object.entries(line).find(([name]) => name === key)?.[1] ?? '']),
      );
      expect(ours, line.file).toEqual(theirs);
      const counts = Object.entries(line.n).filter(([name]) => /^[A-Z][A-Z0-9]{2}$/.test(name));
      for (const [name, count] of counts) expect(message.all(name).length, `${line.file} ${name}`).toBe(count);
    }
  });

  test('message reader: decodes each Chinese message with the right character set and says what contradicts it', () => {
    const lines = expectedLines(corpus);
    expect(lines.length).toBe(183);
    for (const { file, charset } of lines) {
      expect(read(corpusMessage(corpus, `generated-zh/${file}`)).charset, file).toEqual({
        declared: charset.declared,
        used: charset.used,
        contradicted: charset.contradicted,
        byteOrderMark: charset.bom,
      });
    }
  });

  test('message reader: keeps a base64 document that is broken over lines in one field', () => {
    const pdf = read(corpusMessage(corpus, 'dcm4che/ORU^R01-PDF.hl7'));
    const data = pdf.all('OBX').map((segment) => segment.text(5, 5));
    const document = data.find((value) => value.startsWith('JVBERi0')) ?? '';
    expect(Buffer.from(document, 'base64').toString('latin1')).toMatch(/^%PDF-[\s\S]*%%EOF\s*$/);
  });

  test('message reader: each hanzi whose GBK trail byte is a delimiter stays whole', () => {
    const sets = z
      .record(z.string(), z.object({ count: z.number() }))
      .parse(JSON.parse(readFileSync(join(corpus, 'gbk_delimiter_trail_bytes.json'), 'utf8')));
    const decoder = new TextDecoder('gb18030', { fatal: true });
    for (const [delimiter, { count }] of Object.entries(sets)) {
      let found = 0;
      for (let lead = 0x81; lead <= 0xfe; lead += 1) {
        const hanzi = Buffer.from([lead, delimiter.charCodeAt(0)]);
        const character = decoder.decode(hanzi);
        if (/\p{Script=Han}/u.test(character)) found += 1;
        const bytes = Buffer.concat([
          Buffer.from('MSH|^~\\&|A|'),
          hanzi,
          Buffer.from('|C|D|20260301||ORM^O01|7|P|2.5.1||||||GBK\rPID|1||P1^^^H||'),
          hanzi,
          Buffer.from('^x||19800101\r'),
        ]);
        const message = read(bytes);
        const pid = message.first('PID');
        expect([message.first('MSH')?.text(4), pid?.text(5), pid?.text(5, 2), pid?.text(7)]).toEqual([
          character,
          character,
          'x',
          '19800101',
        ]);
      }
      expect(found, delimiter).toBeGreaterThanOrEqual(count);
    }
  });

  test.each(corpus === '' ? [] : messageFiles(corpus, 'generated-hostile'))(
    'message reader: is quick with %s',
    (file) => {
      const bytes = corpusMessage(corpus, file);
      // The best of three, since another process may have had the processor.
      const took = [1, 2, 3].map(() => {
        const begin = performance.now();
        readThoroughly(bytes);
        return performance.now() - begin;
      });
      expect(Math.min(...took)).toBeLessThan(250);
    },
  );
});

function readThoroughly(bytes: Uint8Array): void {
  const result = readHl7Message(bytes, {});
  if (!result.ok) return;
  for (const name of ['MSH', 'PID', 'ORC', 'OBR', 'OBX', 'NTE']) {
    for (const segment of result.value.all(name).slice(0, 100)) {
      for (let field = 1; field < 40; field += 1) {
        for (let part = 1; part < 8; part += 1) segment.text(field, part);
        segment.repetitions(field);
        segment.components(field);
      }
    }
  }
  const pid = result.value.first('PID');
  for (let repetition = 1; repetition <= (pid?.repetitions(5) ?? 0); repetition += 1) pid?.text(5, 1, repetition);
}

function read(bytes: Uint8Array): Hl7Message {
  const result = readHl7Message(bytes, {});
  assert(result.ok, result.ok ? '' : result.failure.code);
  return result.value;
}
