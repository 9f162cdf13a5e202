import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readAssociateRequest, writeAssociateAccept } from '../../../codecs/dicom/association-pdus.ts';
import { readRequest, writeResponse } from '../../../codecs/dicom/command-set.ts';
import { type PduFault, PduReader, type PduSink } from '../../../codecs/dicom/pdu-reader.ts';
import { associateRequest, commandSet, dataPdu, item, pdu, pdv, RELEASE_REQUEST } from './pdu-builder.ts';

const LIMITS = { controlBytesMax: 4096, dataBytesMax: 1024 };

/** Puts the pieces of each PDV together again. */
class Recorder implements PduSink {
  readonly events: string[] = [];
  accepting = true;
  #pieces: Buffer[] = [];

  control(type: number, body: Uint8Array): void {
    this.events.push(`control ${type} ${Buffer.from(body).toString('hex')}`);
  }

  fragment(contextId: number, control: number, bytes: Uint8Array, start: number, end: number, complete: boolean): void {
    this.#pieces.push(Buffer.from(bytes.subarray(start, end)));
    if (!complete) return;
    this.events.push(`pdv ${contextId} ${control} ${Buffer.concat(this.#pieces).toString('hex')}`);
    this.#pieces = [];
  }

  fault(fault: PduFault): void {
    this.events.push(`fault ${fault}`);
    this.accepting = false;
  }
}

function read(bytes: Buffer, cuts: readonly number[] = []): readonly string[] {
  const recorder = new Recorder();
  const reader = new PduReader(recorder, LIMITS);
  let at = 0;
  for (let index = 0; at < bytes.length; index += 1) {
    const length = cuts.length === 0 ? bytes.length : (cuts[index % cuts.length] ?? 1);
    reader.push(bytes.subarray(at, at + length), 0);
    at += length;
  }
  return recorder.events;
}

const STREAM = Buffer.concat([
  dataPdu([pdv(1, 3, Buffer.from('command')), pdv(1, 0, Buffer.alloc(0)), pdv(1, 0, Buffer.from('d'))]),
  dataPdu([pdv(1, 0, Buffer.alloc(0))]),
  dataPdu([pdv(1, 2, Buffer.from('ata'))]),
  pdu(4, []),
  RELEASE_REQUEST,
  pdu(6, []),
]);

describe('PDU reader', () => {
  test('gives the PDVs of a PDU one by one, empty ones too, and other PDUs whole', () => {
    expect(read(STREAM)).toEqual([
      `pdv 1 3 ${Buffer.from('command').toString('hex')}`,
      'pdv 1 0 ',
      'pdv 1 0 64',
      'pdv 1 0 ',
      'pdv 1 2 617461',
      'control 5 00000000',
      'control 6 ',
    ]);
  });

  test('gives the same however the bytes are cut', () => {
    const whole = read(STREAM);
    const cuts = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(cuts, (lengths) => {
        expect(read(STREAM, lengths)).toEqual(whole);
      }),
      { numRuns: 1000 },
    );
  });

  test('stops where the sink no longer accepts and goes on there', () => {
    const recorder = new Recorder();
    const sink: PduSink = {
      control: (type, body) => recorder.control(type, body),
      fragment: (...piece) => {
        recorder.fragment(...piece);
        accepting = false;
      },
      fault: (fault) => recorder.fault(fault),
      get accepting() {
        return accepting;
      },
    };
    let accepting = true;
    const reader = new PduReader(sink, LIMITS);
    let at = 0;
    let stops = 0;
    while (at < STREAM.length) {
      accepting = true;
      at = reader.push(STREAM, at);
      stops += 1;
    }
    expect(recorder.events).toEqual(read(STREAM));
    expect(stops).toBe(6);
  });

  test.each([
    ['a type that is none', Buffer.from([9, 0, 0, 0, 0, 0]), 'fault unknown_type'],
    ['type 0', Buffer.from([0, 0, 0, 0, 0, 0]), 'fault unknown_type'],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n'), 'fault unknown_type'],
    ['data above what was announced', Buffer.from([4, 0, 0, 0, 4, 1]), 'fault too_long'],
    ['data of 4 GB', Buffer.from([4, 0, 255, 255, 255, 255]), 'fault too_long'],
    ['a control PDU of 4 GB', Buffer.from([1, 0, 255, 255, 255, 255]), 'fault too_long'],
    ['a PDV that outruns its PDU', pdu(4, [Buffer.from([0, 0, 0, 9, 1, 0, 1])]), 'fault malformed'],
    ['a PDV of 4 GB', pdu(4, [Buffer.from([255, 255, 255, 255, 1, 0, 1])]), 'fault malformed'],
    ['a PDV without room for its header', pdu(4, [Buffer.from([0, 0, 0, 1, 1, 0])]), 'fault malformed'],
  ])('refuses %s', (_, bytes, expected) => {
    expect(read(bytes)).toEqual([expected]);
    expect(read(bytes, [1])).toEqual([expected]);
  });
});

describe('A-ASSOCIATE-RQ', () => {
  const whole = associateRequest({
    contexts: [{ id: 1, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2', '1.2.3'] }],
  }).subarray(6);

  test('gives titles, contexts and lengths', () => {
    expect(readAssociateRequest(whole)).toMatchObject({
      calledAeTitle: 'STUDYBRIDGE',
      callingAeTitle: 'MODALITY',
      contexts: [{ id: 1, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2', '1.2.3'] }],
      dataBytesMax: 16384,
    });
  });

  test('cut anywhere inside an item is malformed, and never throws', () => {
    for (let at = 0; at < whole.length; at += 1) {
      const reading = readAssociateRequest(whole.subarray(0, at));
      if (reading !== undefined) expect(reading.contexts.length).toBeLessThanOrEqual(1);
      if (at < 68) expect(reading).toBeUndefined();
    }
  });

  test.each([
    ['an even context id', { id: 2, abstractSyntax: '1.2', transferSyntaxes: [] }],
    ['an id used twice', { id: 1, abstractSyntax: '1.2', transferSyntaxes: [] }],
  ])('with %s is malformed', (_, context) => {
    const first = { id: 1, abstractSyntax: '1.2', transferSyntaxes: ['1.2'] };
    expect(readAssociateRequest(associateRequest({ contexts: [first, context] }).subarray(6))).toBeUndefined();
  });

  test('with a sub-item longer than its item is malformed', () => {
    const bad = item(0x50, Buffer.concat([Buffer.from([0x51, 0, 0, 99]), Buffer.alloc(4)]));
    expect(readAssociateRequest(Buffer.concat([whole.subarray(0, 68), bad]))).toBeUndefined();
  });

  test('gets an answer that repeats its titles', () => {
    const request = readAssociateRequest(whole);
    const answer = writeAssociateAccept(request?.titleBytes ?? Buffer.alloc(0), [], 65536);
    expect(answer.subarray(10, 42).toString()).toBe('STUDYBRIDGE     MODALITY        ');
    expect(answer.readUInt32BE(2)).toBe(answer.length - 6);
  });
});

describe('command set', () => {
  test('of a C-STORE request is read and answered', () => {
    const bytes = commandSet({ messageId: 7, sopClassUid: '1.2.3', sopInstanceUid: '1.2.3.44' });
    const request = readRequest(bytes, 0, bytes.length);
    expect(request).toEqual({
      command: 1,
      messageId: 7,
      hasDataSet: true,
      sopClassUid: '1.2.3',
      sopInstanceUid: '1.2.3.44',
    });
    if (request === undefined) return;
    const answer = writeResponse(5, request, 0xa700);
    expect(answer.readUInt32BE(2)).toBe(answer.length - 6);
    expect(answer.readUInt32BE(6)).toBe(answer.length - 10);
    const response = answer.subarray(12);
    expect(response.readUInt32LE(8)).toBe(response.length - 12);
    expect(response.includes(Buffer.from([0, 0, 0, 9, 2, 0, 0, 0, 0, 0xa7]))).toBe(true);
    expect(response.includes('1.2.3.44')).toBe(true);
  });

  test('cut anywhere but between its elements is none', () => {
    const bytes = commandSet({ sopClassUid: '1.2.3', sopInstanceUid: '1.2.3.4' });
    let readable = 0;
    for (let at = 0; at < bytes.length; at += 1) if (readRequest(bytes, 0, at) !== undefined) readable += 1;
    expect(readable).toBe(3);
  });

  test('echoes nothing that is too long to be a UID', () => {
    const bytes = commandSet({ sopClassUid: '1'.repeat(5000), sopInstanceUid: '1.2' });
    expect(readRequest(bytes, 0, bytes.length)?.sopClassUid).toBe('');
  });
});
