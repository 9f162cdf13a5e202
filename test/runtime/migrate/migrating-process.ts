// A process for tests to kill: carries a log to Kafka, and prints the report when it has come through.
import { writeSync } from 'node:fs';
import { singleObjectCodec } from '../../../codecs/avro/record-codec.ts';
import { systemClock } from '../../../runtime/contracts/clock.ts';
import { silentTelemetry } from '../../../runtime/contracts/telemetry.ts';
import { migrateToKafka } from '../../../runtime/migrate/migrate-to-kafka.ts';
import { connectionTo, layoutOf, TUNING } from '../log/kafka/temporary-kafka-log.ts';
import { signal } from '../log/log-under-test.ts';
import { counter } from './quiet-counter.ts';

const [folder = '', bootstrap = '', prefix = ''] = process.argv.slice(2);
const say = (line: string): void => void writeSync(1, `${line}\n`);

try {
  const report = await migrateToKafka({
    folder,
    tasks: [counter],
    connection: connectionTo(bootstrap),
    layout: layoutOf(prefix),
    tuning: TUNING,
    codec: singleObjectCodec(),
    clock: systemClock,
    telemetry: silentTelemetry,
    progress: ({ step }) => say(step),
    signal,
  });
  say(`report ${JSON.stringify(report)}`);
} catch (error) {
  say(`failed ${error instanceof Error ? error.message : 'without an error'}`);
  process.exitCode = 3;
}
