// Every topic the bridge needs on Kafka, whichever roles run.
import { singleObjectCodec } from '../../codecs/avro/record-codec.ts';
import type { Configuration } from '../config/configuration.ts';
import type { KafkaConfiguration } from '../config/kafka-resolution.ts';
import { systemClock } from '../contracts/clock.ts';
import { silentTelemetry } from '../contracts/telemetry.ts';
import { type ExpectedTopic, expectedTopics } from '../log/kafka/topic-settings.ts';
import { CURSOR_TASK } from '../log/kafka/transfer-session.ts';
import { taskOutlines } from './tasks.ts';

/** With the cursors of spools and migrations: a site may begin with either at any time. */
export function bridgeTopics(configuration: Configuration, { layout }: KafkaConfiguration): readonly ExpectedTopic[] {
  const parts = { codec: singleObjectCodec(), clock: systemClock, telemetry: silentTelemetry };
  return expectedTopics(layout, [...taskOutlines(configuration, parts), { name: CURSOR_TASK }]);
}
