// Records as Avro: the encoding others can read, and what is said of bytes that are none of ours.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc64Avro } from '../../../codecs/avro/fingerprint.ts';
import { singleObjectCodec } from '../../../codecs/avro/record-codec.ts';
import type { Document, Hl7Message } from '../../../schemas/records.ts';

const codec = singleObjectCodec();
const message: Hl7Message = {
  site: 'default',
  source: 'engine',
  receivedAtMs: 1_790_000_000_123,
  sourceAddress: '127.0.0.1',
  disposition: 'used',
  ignoredReason: null,
  messageType: 'ORM^O01',
  controlId: 'C1',
  sendingApplication: 'HIS',
  sendingFacility: 'H',
  messageDateTime: '20260303090701',
  versionId: '2.3',
  charset: {
    declared: [{ where: 'MSH-17', value: 'GB2312' }],
    used: 'gb18030',
    contradicted: false,
    byteOrderMark: false,
  },
  identifiers: {
    accessionNumbers: [],
    placerOrderNumbers: ['P1'],
    fillerOrderNumbers: [],
    studyInstanceUids: [],
    patientIds: ['1'],
  },
  raw: Buffer.from('MSH|^~\\&|'),
};

describe('crc64Avro', () => {
  test('crc64Avro gives the fingerprints that the Avro project publishes', () => {
    expect(crc64Avro('"null"').readBigUInt64LE()).toBe(0x63dd24e7cc258f8an);
    expect(crc64Avro('"int"').readBigUInt64LE()).toBe(0x7275d51a3f395c8fn);
    expect(crc64Avro('"boolean"').readBigUInt64LE()).toBe(0x9f42fc78a4d4f764n);
  });
});

describe('record codec', () => {
  test('record codec: what is encoded is decoded to the same values', () => {
    const decoded = codec.decode('hl7.messages', codec.encode('hl7.messages', message));
    expect(decoded.ok && { ...decoded.value }).toEqual(message);
  });

  test('record codec: an entry carries the site in its key and where it came from in its headers', () => {
    const entry = codec.entry('hl7.messages', message, { trace: '00ff', causation: 'x/0/1' });
    expect(entry.key).toBe('default/P1');
    expect(entry.partitionKey).toBe('default');
    expect(entry.headers.get('trace')).toBe('00ff');
    expect(entry.headers.get('causation')).toBe('x/0/1');
    expect(entry.headers.get('content-hash')).toMatch(/^[0-9a-f]{64}$/);
    expect(entry.headers.get('schema')).toMatch(/^studybridge\.Hl7Message:[0-9a-f]{16}$/);
  });

  test('record codec: a record of another topic is refused as an unknown schema', () => {
    const decoded = codec.decode('documents', codec.encode('hl7.messages', message));
    expect(decoded.ok || decoded.failure.code).toBe('avro.unknown_schema');
  });

  test('record codec: any bytes give a value or a failure, never a throw, and never quote the data', () => {
    const good = codec.encode('hl7.messages', { ...message, controlId: 'CANARY-77' });
    fc.assert(
      fc.property(fc.nat(good.length), fc.uint8Array({ maxLength: 40 }), (cut, tail) => {
        const decoded = codec.decode('hl7.messages', Buffer.concat([good.subarray(0, cut), tail]));
        if (!decoded.ok) expect(decoded.failure.message).not.toContain('CANARY');
      }),
      { numRuns: 5_000 },
    );
  });

  test('record codec: bytes of any length survive', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5_000 }), (content) => {
        const document: Document = { site: 's', hash: 'h', mediaType: 'application/pdf', createdAtMs: 1, content };
        const decoded = codec.decode('documents', codec.encode('documents', document));
        expect(decoded.ok && Buffer.compare(decoded.value.content, content)).toBe(0);
      }),
    );
  });

  test('record codec: a record of about the size that is written at once, and one far beyond, survive', () => {
    for (const length of [0, ...Array.from({ length: 60 }, (_, at) => 65_480 + at), 300_000]) {
      const content = Buffer.alloc(length, 7);
      const document: Document = { site: 's', hash: 'h', mediaType: 'application/pdf', createdAtMs: 1, content };
      const bytes = codec.encode('documents', document);
      const decoded = codec.decode('documents', bytes);
      expect(decoded.ok && Buffer.compare(decoded.value.content, content)).toBe(0);
      expect(bytes.buffer.byteLength).toBe(bytes.length);
    }
  });
});
