// Whatever arrives: nothing throws, nothing is slow, and what can be said about the result holds. Seed: HL7_FUZZ_SEED.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { acknowledgementHeader, writeAcknowledgement } from '../../../codecs/hl7/acknowledgement.ts';
import { decodeMessage } from '../../../codecs/hl7/charset.ts';
import { STANDARD_DELIMITERS } from '../../../codecs/hl7/delimiters.ts';
import { escapeText, resolveEscapes } from '../../../codecs/hl7/escapes.ts';
import { readEnvelope, readIdentifiers, readSender } from '../../../codecs/hl7/intake-reader.ts';
import { readHl7Message } from '../../../codecs/hl7/message.ts';
import { type FrameRoom, MllpFramer } from '../../../codecs/hl7/mllp-framer.ts';
import { failed } from '../../../schemas/failure.ts';

const seed = Number(process.env['HL7_FUZZ_SEED'] ?? Date.now() % 2 ** 31);
console.log(`HL7 fuzz: HL7_FUZZ_SEED=${seed}`);

const CASES = { framer: 40_000, message: 60_000, escapes: 60_000, charset: 40_000 };
const CASE_MS_MAX = 250;

const FAILURE = failed('hl7.missing_control_id', 'MSH-10 is empty').failure;
const STAMP = { timestamp: '20260301083000+0000', controlId: 'S1' };

/** Bytes that mean something to a framer or a parser, and any others. */
const pieces = fc.constantFrom(
  ...[
    '\x0b',
    '\x1c',
    '\r',
    '\n',
    '\x1c\r',
    '\x0bMSH|^~\\&|',
    'MSH|^~\\&|A|B|C|D|1||ORM^O01|7|P|2.4',
    'PID|1||',
    'OBX|1|HD|||1.2',
  ].map((text) => Buffer.from(text, 'latin1')),
  ...['|', '^', '~', '\\', '&', '""', '\\X0D\\', '\\.br\\', '\\F\\', 'MSH', 'ORC|NW|', '|||||||||', '1.2.3'].map(
    (text) => Buffer.from(text, 'latin1'),
  ),
  ...[
    [0xd5, 0xc5],
    [0xab, 0x7c],
    [0x81, 0x30, 0x81, 0x30],
    [0xff],
    [0x80],
    [0xef, 0xbb, 0xbf],
    [0xe5, 0xbc, 0xa0],
    [0],
  ].map((bytes) => Buffer.from(bytes)),
  ...['||||||GBK', '||||||UNICODE', '|||||GB2312|', '||||||8859/1', '||||||ASCII~GB18030'].map((text) =>
    Buffer.from(text),
  ),
);
const noise = fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes));
const soup = fc
  .array(fc.oneof({ weight: 4, arbitrary: pieces }, { weight: 1, arbitrary: noise }), { maxLength: 14 })
  .map((parts) => Buffer.concat(parts));

test(`framer: any bytes in any chunks give the frames of one chunk (${CASES.framer} cases)`, () => {
  check(CASES.framer, fc.tuple(soup, fc.array(fc.nat(40), { maxLength: 5 })), ([stream, cuts]) => {
    const whole = frames([stream]);
    const sorted = [...cuts, stream.length].sort((left, right) => left - right);
    const chunks = sorted.map((cut, at) => stream.subarray(sorted[at - 1] ?? 0, cut));
    expect(frames(chunks)).toEqual(whole);
    const kept = whole.reduce((sum, [, frame]) => sum + frame.length, 0);
    expect(kept).toBeLessThanOrEqual(stream.length);
  });
});

test(`message reader: any bytes give a message or a failure, and any message an answer (${CASES.message} cases)`, () => {
  const message = fc.tuple(fc.boolean(), soup).map(([headed, rest]) => (headed ? Buffer.concat([HEAD, rest]) : rest));
  check(CASES.message, message, (bytes) => {
    const result = readHl7Message(bytes, {});
    const read = result.ok ? result.value : undefined;
    if (read !== undefined) {
      readEnvelope(read);
      readSender(read);
      const found = readIdentifiers(read);
      for (const uid of found.studyInstanceUids) expect(uid).toMatch(/^[0-9.]{1,64}$/);
      for (const segment of read.segments) {
        expect(segment.name).not.toBe('');
        for (let field = 0; field < 4; field += 1) {
          expect(segment.repetitions(field) > 0).toBe(segment.raw(field) !== '');
          segment.text(field, 2, 2, 2);
        }
      }
    }
    const answer = writeAcknowledgement(acknowledgementHeader(read), 'AE', FAILURE, STAMP);
    expect(answer).toMatch(/^MSH[ -~]+\rMSA[ -~]+\rERR[ -~]+\r$/);
  });
});

const HEAD = Buffer.from('MSH|^~\\&|A|B|C|D|20260301||ORM^O01|7|P|2.4');

test(`escapes: any text survives being written and read, and any text can be read (${CASES.escapes} cases)`, () => {
  const text = fc.array(fc.oneof(fc.constantFrom(...'\\|^~&XFSTREHNZ.br0Dé张\r\n\0'), fc.string({ maxLength: 3 })), {
    maxLength: 20,
  });
  const decode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
  check(CASES.escapes, text, (parts) => {
    const sent = Buffer.from(parts.join('')).toString('utf8');
    const written = escapeText(sent, STANDARD_DELIMITERS);
    expect(written).toMatch(/^[ -~]*$/);
    expect(written).not.toMatch(/[|^~&]/);
    expect(resolveEscapes(written, STANDARD_DELIMITERS, decode)).toBe(sent);
    resolveEscapes(sent, STANDARD_DELIMITERS, decode);
  });
});

test(`character set: any bytes become text by a known label (${CASES.charset} cases)`, () => {
  check(
    CASES.charset,
    fc.tuple(soup, fc.constantFrom(undefined, 'GBK', '8859/9', 'BIG-5', 'nonsense')),
    ([bytes, configured]) => {
      const decoded = decodeMessage(bytes, configured);
      expect(decoded.charset.used).toMatch(/^(?:us-ascii|utf-8|utf-16[lb]e|gb18030|big5|euc-kr|iso-8859-\d+)$/);
      if (decoded.charset.contradicted) expect(decoded.charset.declared.length).toBeGreaterThan(0);
    },
  );
});

/** Times each case. One that seems slow is timed again, since another process may have had the processor. */
function check<T>(runs: number, arbitrary: fc.Arbitrary<T>, holds: (value: T) => void): void {
  const timed = (value: T): number => {
    const begin = performance.now();
    holds(value);
    return performance.now() - begin;
  };
  fc.assert(
    fc.property(arbitrary, (value) => {
      if (timed(value) < CASE_MS_MAX) return;
      expect(Math.min(timed(value), timed(value), timed(value))).toBeLessThan(CASE_MS_MAX);
    }),
    { numRuns: runs, seed },
  );
}

function frames(chunks: readonly Buffer[]): [string, string][] {
  const room: FrameRoom = { usedBytes: 0, bytesMax: 1_000_000 };
  const framer = new MllpFramer(200, room);
  const found: [string, string][] = [];
  for (const chunk of chunks) {
    framer.push(chunk);
    for (let frame = framer.next(); frame !== undefined; frame = framer.next()) {
      const bytes = frame.kind === 'no_room' ? Buffer.alloc(0) : Buffer.from(frame.bytes);
      // How much of an oversize frame is known when it is refused depends on the chunks.
      found.push([frame.kind, frame.kind === 'oversize' ? '' : bytes.toString('latin1')]);
    }
  }
  framer.stop();
  expect(room.usedBytes).toBe(0);
  return found;
}
