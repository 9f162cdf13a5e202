import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HeaderWalker } from '../../../codecs/dicom/header-walker.ts';
import { encodingOf } from '../../../codecs/dicom/transfer-syntax.ts';
import { corpusFolder } from '../../requirements.ts';
import {
  BIG,
  type BuildEncoding,
  EXPLICIT,
  element,
  header,
  IMPLICIT,
  openSequence,
  SAMPLE,
  sampleElements,
  sampleObject,
  UNDEFINED_LENGTH,
} from './data-set-builder.ts';
import { pushPieces, readTexts } from './header-reading.ts';
import { readPart10 } from './part10.ts';

const SYNTAXES: readonly (readonly [name: string, uid: string, encoding: BuildEncoding])[] = [
  ['explicit little endian', '1.2.840.10008.1.2.1', EXPLICIT],
  ['implicit little endian', '1.2.840.10008.1.2', IMPLICIT],
  ['explicit big endian', '1.2.840.10008.1.2.2', BIG],
];

function walk(encoding: BuildEncoding, bytes: Uint8Array, cuts: readonly number[] = []) {
  const walker = new HeaderWalker();
  walker.reset(encoding);
  pushPieces(walker, bytes, cuts);
  return { walker, kept: walker.finish() };
}

function codeOf(encoding: BuildEncoding, bytes: Uint8Array): string {
  const { kept } = walk(encoding, bytes);
  return kept.ok ? 'ok' : kept.failure.code;
}

describe.each(SYNTAXES)('header walker, %s', (_, uid, encoding) => {
  test('reads the wanted elements of the top level and no nested ones', () => {
    const reading = readTexts(uid, sampleObject(encoding));
    expect(reading.ok && reading.value.texts).toMatchObject({
      ...{ sopInstanceUid: SAMPLE.sopInstanceUid, studyInstanceUid: SAMPLE.studyInstanceUid },
      ...{ patientName: 'ZHANG^SAN', accessionNumber: 'ACC-1', modality: 'CT', instanceNumber: '7' },
    });
  });

  test('gives the same for every place where one cut can fall', () => {
    const object = sampleObject(encoding);
    const whole = readTexts(uid, object);
    for (let at = 1; at < object.length; at += 1) expect(readTexts(uid, object, [at, object.length])).toEqual(whole);
  });

  test('gives the same however the bytes are cut', () => {
    const object = sampleObject(encoding);
    const whole = readTexts(uid, object);
    const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(cuts, (lengths) => {
        expect(readTexts(uid, object, lengths)).toEqual(whole);
      }),
      { numRuns: 700 },
    );
  });

  test('fails on a data set that ends inside an element of its header, wherever', () => {
    const elements = sampleElements(encoding);
    const object = Buffer.concat(elements);
    const ends = new Set<number>();
    let end = 0;
    for (const bytes of elements) {
      end += bytes.length;
      ends.add(end);
    }
    // The pixel data end the header once their own header is there.
    const pixelValueAt = object.length - 64;
    for (let at = 1; at < object.length; at += 1) {
      const readable = ends.has(at) || at >= pixelValueAt;
      expect([at, walk(encoding, object.subarray(0, at)).kept.ok]).toEqual([at, readable]);
    }
  });

  test('stops at the pixel data and looks at nothing after it', () => {
    const object = sampleObject(encoding);
    const { walker } = walk(encoding, object.subarray(0, object.length - 40));
    expect(walker.walking).toBe(false);
  });

  test('skips a large element before the wanted ones without holding it', () => {
    const large = header(encoding, 0x00091003, 'OB', 300 * 1024 * 1024);
    const start = element(encoding, 0x00080016, 'UI', SAMPLE.sopClassUid);
    const walker = new HeaderWalker();
    walker.reset(encoding);
    for (const bytes of [start, large]) walker.push(bytes, 0, bytes.length);
    const piece = Buffer.alloc(1024 * 1024, 0xff);
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 300; count += 1) walker.push(piece, 0, piece.length);
    const tail = element(encoding, 0x0020000d, 'UI', SAMPLE.studyInstanceUid);
    walker.push(tail, 0, tail.length);
    const kept = walker.finish();
    expect(kept.ok && Buffer.from(kept.value).includes(SAMPLE.studyInstanceUid)).toBe(true);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
  });

  test('leaves out a wanted element above its limit and reads the others', () => {
    const object = Buffer.concat([
      element(encoding, 0x00081030, 'LO', 'X'.repeat(5000)),
      element(encoding, 0x00100020, 'LO', 'P-1'),
    ]);
    const reading = readTexts(uid, object);
    expect(reading.ok && [reading.value.texts.studyDescription, reading.value.texts.patientId]).toEqual(['', 'P-1']);
  });

  test('keeps the first of two equal tags', () => {
    const object = Buffer.concat([
      element(encoding, 0x00100020, 'LO', 'FIRST '),
      element(encoding, 0x00100020, 'LO', 'SECOND'),
    ]);
    const reading = readTexts(uid, object);
    expect(reading.ok && reading.value.texts.patientId).toBe('FIRST');
  });

  test('refuses a nest deeper than the limit', () => {
    const level = Buffer.concat([
      header(encoding, 0x00091001, 'SQ', UNDEFINED_LENGTH),
      header(encoding, 0xfffee000, '', UNDEFINED_LENGTH),
    ]);
    const nest = (levels: number) => Buffer.concat(Array.from({ length: levels }, () => level));
    expect(codeOf(encoding, nest(33))).toBe('dicom.too_deep');
    expect(codeOf(encoding, nest(10_000))).toBe('dicom.too_deep');
    expect(codeOf(encoding, nest(32))).toBe('dicom.unreadable_data_set');
  });

  test('ends an item without its delimiter with its sequence', () => {
    const object = Buffer.concat([
      header(encoding, 0x00081140, 'SQ', UNDEFINED_LENGTH),
      header(encoding, 0xfffee000, '', UNDEFINED_LENGTH),
      element(encoding, 0x00081155, 'UI', '9.9'),
      header(encoding, 0xfffee0dd, '', 0),
      element(encoding, 0x00100020, 'LO', 'P-1'),
    ]);
    const reading = readTexts(uid, object);
    expect(reading.ok && reading.value.texts.patientId).toBe('P-1');
  });

  test('refuses an element between items and a stray delimiter', () => {
    const between = Buffer.concat([
      header(encoding, 0x00081140, 'SQ', UNDEFINED_LENGTH),
      element(encoding, 0x00100020, 'LO', 'P-1'),
    ]);
    expect(codeOf(encoding, between)).toBe('dicom.unreadable_data_set');
    expect(codeOf(encoding, header(encoding, 0xfffee0dd, '', 0))).toBe('dicom.unreadable_data_set');
  });

  test('reads on behind the last wanted tag while a UID is missing, and stops at group 7FE0', () => {
    const object = Buffer.concat([
      element(encoding, 0x00400244, 'DA', '20260101'),
      element(encoding, 0x0020000d, 'UI', '1.2.3'),
      element(encoding, 0x7fe00008, 'OF', Buffer.alloc(4), 4096),
    ]);
    const reading = readTexts(uid, object);
    expect(reading.ok && reading.value.texts.studyInstanceUid).toBe('1.2.3');
  });
});

describe('header walker', () => {
  test('reads UN of undefined length as implicit little endian, in big endian too', () => {
    for (const encoding of [EXPLICIT, BIG]) {
      const inner = openSequence(IMPLICIT, 0x00081140, '', [element(IMPLICIT, 0x00081155, 'UI', '9.9')]);
      const object = Buffer.concat([
        openSequence(encoding, 0x00091001, 'UN', [inner]),
        element(encoding, 0x00100020, 'LO', 'P-1'),
      ]);
      const { kept } = walk(encoding, object);
      expect(kept.ok && Buffer.from(kept.value).includes('P-1')).toBe(true);
    }
  });

  test('takes a VR of two unknown capitals with a long length, other bytes with a short one', () => {
    const unknown = Buffer.concat([
      Buffer.from([9, 0, 1, 0x10]),
      Buffer.from('ZZ\0\0'),
      Buffer.from([4, 0, 0, 0, 1, 2, 3, 4]),
    ]);
    const invalid = Buffer.concat([Buffer.from([9, 0, 1, 0x10]), Buffer.from('??'), Buffer.from([4, 0, 1, 2, 3, 4])]);
    for (const odd of [unknown, invalid]) {
      const { kept } = walk(EXPLICIT, Buffer.concat([odd, element(EXPLICIT, 0x00100020, 'LO', 'P-1')]));
      expect(kept.ok && Buffer.from(kept.value).includes('P-1')).toBe(true);
    }
  });

  test('forgets the last data set when it begins another', () => {
    const walker = new HeaderWalker();
    for (const name of ['FIRST^A', 'SECOND^']) {
      const object = sampleObject(EXPLICIT, { ...SAMPLE, patientName: name });
      walker.reset(EXPLICIT);
      walker.push(object, 0, object.length);
      const kept = walker.finish();
      expect(kept.ok && Buffer.from(kept.value).includes(name)).toBe(true);
    }
    walker.reset(EXPLICIT);
    expect(walker.finish()).toEqual({ ok: true, value: Buffer.alloc(0) });
  });
});

const corpus = corpusFolder();

describe.skipIf(corpus === undefined)('header walker on the corpus', () => {
  test('gives the same for every file, byte by byte and in odd pieces', () => {
    const folder = join(corpus ?? '', 'dicom');
    const files = readFileSync(join(folder, 'oracle.jsonl'), 'utf8').trim().split('\n');
    expect(files.length).toBeGreaterThan(200);
    for (const line of files) {
      const { file }: { file: string } = JSON.parse(line);
      const { transferSyntaxUid, dataSet } = readPart10(join(folder, file));
      if (encodingOf(transferSyntaxUid).deflated) continue;
      const whole = readTexts(transferSyntaxUid, dataSet);
      for (const cuts of [[1], [7, 1, 3], [1021]]) {
        expect([file, readTexts(transferSyntaxUid, dataSet, cuts)]).toEqual([file, whole]);
      }
    }
  });
});
