// Commands that need Kafka say so when no brokers are named.
import type { Configuration } from '../config/configuration.ts';
import { ConfigurationError } from '../config/configuration-fault.ts';
import type { KafkaConfiguration } from '../config/kafka-resolution.ts';

/** `because` ends a sentence that begins with what is expected. */
export function kafkaNeeded({ kafka }: Configuration, because: string): KafkaConfiguration {
  if (kafka !== undefined) return kafka;
  const fault = { key: 'KAFKA_BROKERS', value: '(missing)', expectation: `host:port of the brokers: ${because}` };
  throw new ConfigurationError([fault]);
}
