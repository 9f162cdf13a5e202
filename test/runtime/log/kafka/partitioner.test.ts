// The partitioner against known hashes, and against the client that others use.
import { Partitioners } from 'kafkajs';
import { expect, test } from 'vitest';
import { murmur2, partitionFor } from '../../../../runtime/log/kafka/partitioner.ts';

/** Of Apache Kafka's UtilsTest.testMurmur2. */
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('murmur2: %s has the hash that the Java client gives it', (key, hash) => {
  expect(murmur2(Buffer.from(key))).toBe(hash);
});

test('partitioner: any key, of whatever length and script, has the partition of the default partitioner', () => {
  const others = Partitioners.DefaultPartitioner();
  const seed = Number(process.env['SEED'] ?? Date.now() % 100_000);
  for (let index = 0; index < 2_000; index += 1) {
    const letters = Array.from(
      { length: 1 + (index % 41) },
      (_, at) => 32 + ((index * 7_919 + at * 104_729 + seed) % 20_000),
    );
    const key = String.fromCodePoint(...letters);
    const partitions = 1 + (index % 17);
    const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
      partitionId,
      leader: 0,
      partitionErrorCode: 0,
      replicas: [],
      isr: [],
    }));
    const expected = others({ topic: 't', partitionMetadata, message: { key, value: null } });
    expect(partitionFor(key, partitions), `seed ${seed}, key ${index}`).toBe(expected);
  }
});
