// Structured random input for everything that reads DICOM bytes: no throw, no case above 250 ms of the processor, no impossible result.
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { readAssociateRequest } from '../../../codecs/dicom/association-pdus.ts';
import { decodeTexts } from '../../../codecs/dicom/charset.ts';
import { readRequest, writeResponse } from '../../../codecs/dicom/command-set.ts';
import { readJsonInstance } from '../../../codecs/dicom/dicom-json.ts';
import { readHeader } from '../../../codecs/dicom/header.ts';
import { HeaderWalker } from '../../../codecs/dicom/header-walker.ts';
import { PduReader } from '../../../codecs/dicom/pdu-reader.ts';
import { parsePersonName, preferredPersonName } from '../../../codecs/dicom/person-name.ts';
import { BIG, EXPLICIT, IMPLICIT, sampleObject } from './data-set-builder.ts';
import { associateRequest, commandPdu, commandSet, dataSetPdus, RELEASE_REQUEST } from './pdu-builder.ts';

const RUNS = 9000;
const CASE_MS_MAX = 250;
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
console.info(`FUZZ_SEED=${seed}`);

let cases = 0;

function fuzz<T>(arbitrary: fc.Arbitrary<T>, read: (value: T) => void): void {
  fc.assert(
    fc.property(arbitrary, (value) => {
      // Processor time: on a busy machine the wall clock says nothing of the code.
      const before = process.cpuUsage();
      read(value);
      cases += 1;
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 1000).toBeLessThan(CASE_MS_MAX);
    }),
    { numRuns: RUNS, seed },
  );
}

interface Mutation {
  readonly at: number;
  readonly kind: 'set' | 'cut' | 'repeat' | 'ones';
  readonly value: number;
}

const mutations = fc.array(
  fc.record({
    at: fc.nat(2000),
    kind: fc.constantFrom<Mutation['kind'][]>('set', 'cut', 'repeat', 'ones'),
    value: fc.nat(255),
  }),
  { maxLength: 6 },
);

/** Bytes that are right but for a few mutations, or random ones. */
function around(...right: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const mutated = fc
    .tuple(fc.constantFrom(...right), mutations)
    .map(([bytes, changes]) => changes.reduce(mutate, bytes));
  const random = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
  return fc.oneof({ arbitrary: mutated, weight: 4 }, { arbitrary: random, weight: 1 });
}

function mutate(bytes: Buffer, { at, kind, value }: Mutation): Buffer {
  const place = bytes.length === 0 ? 0 : at % bytes.length;
  if (kind === 'cut') return Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + 1 + (value % 9))]);
  if (kind === 'repeat') return Buffer.concat([bytes.subarray(0, place), bytes.subarray(place - (value % 40))]);
  const changed = Buffer.from(bytes);
  const end = Math.min(changed.length, place + (kind === 'ones' ? 4 : 1));
  changed.fill(kind === 'ones' ? 0xff : value, place, end);
  return changed;
}

const objects = [EXPLICIT, IMPLICIT, BIG].map((encoding) => sampleObject(encoding));
const session = Buffer.concat([
  associateRequest({ contexts: [{ id: 1, abstractSyntax: '1.2.3', transferSyntaxes: ['1.2.840.10008.1.2'] }] }),
  commandPdu(1, { sopClassUid: '1.2.3', sopInstanceUid: '1.2.3.4' }),
  dataSetPdus(1, sampleObject(EXPLICIT), 100),
  RELEASE_REQUEST,
]);

const terms = ['', 'ISO_IR 100', 'ISO_IR 192', 'GB18030', 'GBK', 'ISO 2022 IR 58', 'ISO 2022 IR 87', 'ISO 2022 IR 13'];
const escapes = ['\x1b$)A', '\x1b$B', '\x1b(B', '\x1b(J', '\x1b)I', '\x1b$)C', '\x1b', '\\', '^', '='];
const encodedText = fc
  .array(fc.oneof(fc.constantFrom(...escapes), fc.uint8Array({ maxLength: 6 })), { maxLength: 8 })
  .map((parts) => Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))));

describe('fuzz', () => {
  test('PDU reader: every byte is taken or a fault is told', () => {
    fuzz(fc.tuple(around(session), fc.integer({ min: 1, max: 400 })), ([bytes, pieceBytes]) => {
      let faulted = false;
      let delivered = 0;
      const reader = new PduReader(
        {
          control: (_, body) => {
            delivered += body.length;
          },
          fragment: (...[, , , start, end]) => {
            delivered += end - start;
          },
          fault: () => {
            faulted = true;
          },
          get accepting() {
            return !faulted;
          },
        },
        { controlBytesMax: 4096, dataBytesMax: 4096 },
      );
      for (let at = 0; at < bytes.length && !faulted; at += pieceBytes) {
        const piece = bytes.subarray(at, at + pieceBytes);
        const taken = reader.push(piece, 0);
        if (!faulted) expect(taken).toBe(piece.length);
      }
      expect(delivered).toBeLessThanOrEqual(bytes.length);
    });
  });

  test('A-ASSOCIATE-RQ: read or refused', () => {
    const right = session.subarray(6, 6 + session.readUInt32BE(2));
    fuzz(around(right), (bytes) => {
      const request = readAssociateRequest(bytes);
      for (const { transferSyntaxes } of request?.contexts ?? []) {
        for (const uid of transferSyntaxes) expect(uid).toMatch(/^[0-9.]{1,64}$/);
      }
    });
  });

  test('command set: read or refused, and what is read can be answered', () => {
    fuzz(around(commandSet({ sopClassUid: '1.2.3', sopInstanceUid: '1.2.3.4' })), (bytes) => {
      const request = readRequest(bytes, 0, bytes.length);
      if (request === undefined) return;
      const answer = writeResponse(1, request, 0);
      expect(answer.readUInt32BE(2)).toBe(answer.length - 6);
      expect(answer.length).toBeLessThan(300);
    });
  });

  test.each([
    ['explicit', EXPLICIT, 0],
    ['implicit', IMPLICIT, 1],
    ['big endian', BIG, 2],
  ] as const)('header, %s: read or a failure, the same in one piece and in many', (_, encoding, index) => {
    const whole = new HeaderWalker();
    const pieces = new HeaderWalker();
    fuzz(fc.tuple(around(objects[index] ?? Buffer.alloc(0)), fc.integer({ min: 1, max: 50 })), ([bytes, size]) => {
      whole.reset(encoding);
      whole.push(bytes, 0, bytes.length);
      pieces.reset(encoding);
      for (let at = 0; at < bytes.length; at += size) pieces.push(bytes, at, Math.min(bytes.length, at + size));
      const kept = whole.finish();
      expect(pieces.finish()).toEqual(kept);
      const header = kept.ok ? readHeader(kept.value) : kept;
      if (header.ok) expect(header.value.studyInstanceUid).toMatch(/^[0-9.]{1,64}$/);
      else expect(header.failure.code).toMatch(/^dicom\./);
    });
  });

  test('charset: text, whatever is declared', () => {
    const declared = fc.oneof(
      fc.array(fc.constantFrom(...terms), { maxLength: 3 }).map((all) => all.join('\\')),
      fc.string(),
    );
    const vr = fc.constantFrom('PN' as const, 'LO' as const, 'SH' as const);
    fuzz(fc.tuple(declared, fc.array(fc.record({ bytes: encodedText, vr }), { maxLength: 4 })), ([term, values]) => {
      const { texts, charset } = decodeTexts(term, values);
      expect(texts).toHaveLength(values.length);
      expect(charset.used).not.toBe('');
    });
  });

  test('person name: groups of components, whatever the text', () => {
    const part = fc.oneof(fc.constantFrom('^', '=', '\\', ' ', '张', '三', '\u{20000}'), fc.string({ maxLength: 5 }));
    fuzz(
      fc.array(part, { maxLength: 20 }).map((parts) => parts.join('')),
      (text) => {
        const { alphabetic, ideographic, phonetic } = parsePersonName(text);
        for (const group of [alphabetic, ideographic, phonetic]) expect(group?.family ?? '').not.toContain('^');
        expect(preferredPersonName(text)).not.toMatch(/[=^\\]/);
      },
    );
  });

  test('DICOM JSON: read, or faults that are named', () => {
    const value = fc.oneof(
      fc.string(),
      fc.double(),
      fc.constant(null),
      fc.object({ maxDepth: 1 }),
      fc.constant('1.2.3'),
    );
    const element = fc.record({
      vr: fc.constantFrom('UI', 'PN', 'LO', 'DS', 'IS'),
      Value: fc.array(value, { maxLength: 3 }),
    });
    const tag = fc.constantFrom('00080016', '00080018', '0020000D', '0020000E', '00100010', '00101030', '__proto__');
    const object = fc.dictionary(tag, fc.oneof(element, fc.anything({ maxDepth: 1 })));
    fuzz(fc.oneof(object, fc.anything({ maxDepth: 2 })), (candidate) => {
      const reading = readJsonInstance(candidate);
      if (reading.ok) expect(reading.value.sopInstanceUid).toMatch(/^[0-9.]{1,64}$/);
      else expect(reading.faults.length).toBeGreaterThan(0);
    });
  });

  afterAll(() => {
    expect(cases).toBeGreaterThanOrEqual(60_000);
  });
});
