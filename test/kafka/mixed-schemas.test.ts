// Tasks on Kafka read records of both forms, and of schemas that were registered after they began.
import { describe, expect, test } from 'vitest';
import { singleObjectCodec } from '../../codecs/avro/record-codec.ts';
import { numberCodec } from '../../runtime/contracts/state-codecs.ts';
import type { TaskDefinition } from '../../runtime/contracts/task.ts';
import { openKafkaLog } from '../../runtime/log/kafka/kafka-log.ts';
import { SCHEMA_TEXTS } from '../../schemas/records.ts';
import { openTemporaryKafkaLog } from '../runtime/log/kafka/temporary-kafka-log.ts';
import { collect, entry, signal, until } from '../runtime/log/log-under-test.ts';
import { FakeRegistry, json, opened } from '../runtime/registry/fake-registry.ts';
import { kafkaBroker } from './broker.ts';

const broker = await kafkaBroker();
const later = SCHEMA_TEXTS.documents.replace(
  '{"name":"mediaType"',
  '{"name":"kind","type":"string","default":""},{"name":"mediaType"',
);
const document = { site: 'a', mediaType: 'm', createdAtMs: 1, content: Buffer.from('x') };

describe.skipIf(!broker.available)('a task on Kafka', () => {
  test('a task on Kafka: both forms are read, and a schema registered later, which an outage of the registry only delays', async () => {
    await using registry = await FakeRegistry.open();
    const kafka = await openTemporaryKafkaLog({ brokers: [broker.bootstrap], changelogs: ['reader'] });
    await using bridge = await opened(registry.url, { topicPrefix: kafka.options.layout.topicPrefix });
    const log = await openKafkaLog({ ...kafka.options, codec: bridge.codec, schemas: bridge.schemas });
    const seen: string[] = [];
    const reader: TaskDefinition<{ counts: number }> = {
      name: 'reader',
      inputs: ['documents'],
      outputs: [],
      stores: { counts: numberCodec },
      process: ({ key, value }, { state }) => {
        const decoded = bridge.codec.decode('documents', value ?? Buffer.alloc(0));
        seen.push(decoded.ok ? decoded.value.hash : decoded.failure.code);
        state.counts.set(key, seen.length);
      },
    };
    const service = log.run(reader);
    await service.start(signal);

    registry.intercept = (line) => (line.includes('/schemas/ids/') ? json({ message: 'down' }, 503) : undefined);
    const id = registry.register('others-value', later);
    const values = [
      singleObjectCodec().encode('documents', { ...document, hash: 'plain' }),
      bridge.codec.encode('documents', { ...document, hash: 'wire' }),
      Buffer.from([0, 0, 0, 0, id, 2, 0x61, 2, 0x68, 0, 2, 0x6d, 2, 2, 0x78]),
      Buffer.from([0, 0, 0, 3, 0xe7, 2, 0x61]),
    ];
    const entries = values.map((value, index) => ({ ...entry('documents', `a/${index}`, ''), value }));
    await log.append(entries, signal);
    const asked = (): number => registry.requests.filter((line) => line.endsWith(`/schemas/ids/${id}`)).length;
    await until(() => asked() >= 3, 'the schema is asked for again');
    expect(seen).not.toContain('h');
    registry.intercept = undefined;
    await until(() => seen.length === values.length, 'every record is read');
    expect(seen).toEqual(['plain', 'wire', 'h', 'avro.unknown_schema']);
    expect(await collect(log, 'documents')).toHaveLength(values.length);
    expect(kafka.fatal).toEqual([]);
    await log[Symbol.asyncDispose]();
    await kafka.close();
  });
});
