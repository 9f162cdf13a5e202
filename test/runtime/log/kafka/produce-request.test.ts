// Our writer of record batches beside kafkajs': the broker must not be able to tell them apart.
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { type BatchMessage, recordBatch } from '../../../../runtime/log/kafka/record-batch-writer.ts';
import { decodeRecords, splitBatches } from '../../../../runtime/log/kafka/record-batches.ts';

const load = createRequire(import.meta.url);
/** kafkajs' own request of version 7, whose encoding is never replaced: only what is looked up by version is. */
const theirs: (options: object) => { encode(): Promise<{ readonly buffer: Buffer }> } = load(
  'kafkajs/src/protocol/requests/produce/v7/request',
);

const NOW_MS = 1_790_000_000_000;
const PRODUCER = 4_711_000_000_123n;

const CASES: readonly (readonly [what: string, messages: readonly BatchMessage[]])[] = [
  ['bytes and no headers', [{ key: Buffer.from('k'), value: Buffer.from('v') }]],
  ['a text key and a null value', [{ key: 'instances/site/键', value: null }]],
  ['no key', [{ value: Buffer.alloc(0) }]],
  [
    'headers of text and bytes, one of them twice',
    [{ key: 'k', value: 'v', headers: { trace: '0123', site: Buffer.from('医院'), again: ['a', Buffer.from('b')] } }],
  ],
  [
    'lengths of one to four bytes',
    [0, 63, 64, 8_191, 8_192, 1_048_576].map((size) => ({ value: Buffer.alloc(size, 7) })),
  ],
  ['times forth and back', [5, -7_000, 90_000_000].map((later) => ({ value: 'v', timestamp: String(NOW_MS + later) }))],
  [
    'more records than one byte counts',
    Array.from({ length: 20_000 }, (_, index) => ({ key: `k${index}`, value: null })),
  ],
];

describe('the writer of record batches', () => {
  for (const [what, messages] of CASES) {
    test(`writes ${what} byte for byte as kafkajs does`, async () => {
      const own = await recordBatch(messages, frame(0));
      const other = batchIn(await theirRequest(messages));
      // Without a time of its own a message takes that of the moment, which is kafkajs' own; then records alone compare.
      const timed = messages.every(({ timestamp }) => timestamp !== undefined);
      const from = timed ? 0 : 43;
      expect(own.subarray(from).equals(other.subarray(from))).toBe(true);
      expect(own.subarray(0, 17).equals(other.subarray(0, 17))).toBe(true);
    });
  }

  test('writes what the reader reads, compressed too', async () => {
    const messages = [{ key: 'k', value: 'v', headers: { site: 'a' } }];
    const bytes = await recordBatch(messages, { ...frame(3), compress: async (plain) => Buffer.from(plain).reverse() });
    const [batch] = splitBatches(bytes).batches;
    if (batch === undefined) throw new Error('no batch');
    expect(batch).toMatchObject({ compression: 3, transactional: true, producerId: PRODUCER, count: 1 });
    const [record] = decodeRecords(batch, Buffer.from(batch.payload).reverse());
    expect(record).toMatchObject({ timestampMs: NOW_MS, key: Buffer.from('k'), value: Buffer.from('v') });
    expect(record?.headers).toEqual(new Map([['site', 'a']]));
  });
});

function frame(compression: number): Parameters<typeof recordBatch>[1] {
  return {
    transactional: true,
    producerId: PRODUCER,
    producerEpoch: 3,
    firstSequence: 99,
    nowMs: NOW_MS,
    compression,
    compress: async (bytes) => bytes,
  };
}

async function theirRequest(messages: readonly BatchMessage[]): Promise<Buffer> {
  const partitions = [{ partition: 0, firstSequence: 99, messages }];
  const request = theirs({
    acks: -1,
    timeout: 1,
    transactionalId: 't',
    producerId: String(PRODUCER),
    producerEpoch: 3,
    topicData: [{ topic: 't', partitions }],
  });
  return (await request.encode()).buffer;
}

/** Transactional id, acks, time-out, topics, topic, partitions, partition and size come before the batch. */
function batchIn(request: Buffer): Buffer {
  return request.subarray(3 + 2 + 4 + 4 + 3 + 4 + 4 + 4);
}
