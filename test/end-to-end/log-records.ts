// Records of a log, decoded, for tests that run real tasks on it.
import { singleObjectCodec } from '../../codecs/avro/record-codec.ts';
import type { RecordLog, StoredRecord } from '../../runtime/contracts/record-log.ts';
import type { TopicName, TopicRecords } from '../../schemas/records.ts';
import { decoded } from '../processors/task-harness.ts';
import { signal } from '../runtime/log/log-under-test.ts';

export const logCodec = singleObjectCodec();

/** All records of a topic that carry a value, in the order of the log. */
export async function recordsIn<Name extends TopicName>(
  log: RecordLog,
  topic: Name,
): Promise<readonly TopicRecords[Name][]> {
  return (await storedIn(log, topic)).flatMap((stored) =>
    stored.value === null ? [] : [decoded(logCodec, topic, stored)],
  );
}

/** The last record of each key; none where the last took it away. */
export async function lastPerKey<Name extends TopicName>(
  log: RecordLog,
  topic: Name,
): Promise<ReadonlyMap<string, TopicRecords[Name]>> {
  const last = new Map((await storedIn(log, topic)).map((stored) => [stored.key, stored]));
  return new Map(
    [...last].flatMap(([key, stored]) => (stored.value === null ? [] : [[key, decoded(logCodec, topic, stored)]])),
  );
}

async function storedIn(log: RecordLog, topic: TopicName): Promise<readonly StoredRecord[]> {
  const stored: StoredRecord[] = [];
  for await (const chunk of log.scan(topic, {}, signal)) stored.push(...chunk);
  return stored;
}
