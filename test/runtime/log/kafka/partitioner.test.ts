// The partitioner against known hashes, and against the client that others use.
import { spawnSync } from 'node:child_process';
import { Partitioners } from 'kafkajs';
import { expect, test } from 'vitest';
import { silentTelemetry } from '../../../../runtime/contracts/telemetry.ts';
import { murmur2, partitionFor } from '../../../../runtime/log/kafka/partitioner.ts';
import { createTopics } from '../../../../runtime/log/kafka/topic-admin.ts';
import { kafkaBroker, randomPrefix } from '../../../kafka/broker.ts';
import { hasTool } from '../../../requirements.ts';
import { connectionTo, deleteTopics } from './temporary-kafka-log.ts';

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

const broker = await kafkaBroker();

test.skipIf(!broker.available || !hasTool('kcat'))(
  'partitioner: librdkafka puts a key on the partition where it is looked for',
  async () => {
    const connection = connectionTo(broker.bootstrap);
    const name = `${randomPrefix()}keys`;
    await createTopics(connection, silentTelemetry, [{ name, partitions: 7, replicationFactor: 1, settings: [] }]);
    const keys = Array.from({ length: 200 }, (_, index) => `医院-${index}`.repeat(1 + (index % 5)));
    const kcat = (args: readonly string[], input: string): string =>
      spawnSync('kcat', ['-b', broker.bootstrap, '-t', name, ...args], { input, encoding: 'utf8' }).stdout;
    kcat(['-P', '-K', '=', '-X', 'partitioner=murmur2_random'], keys.map((key) => `${key}=x\n`).join(''));
    const lines = kcat(['-C', '-e', '-q', '-f', '%k %p\n'], '').trim().split('\n');
    expect(lines.toSorted()).toEqual(keys.map((key) => `${key} ${partitionFor(key, 7)}`).toSorted());
    await deleteTopics(connection, [name]);
  },
);
