// Why a start on Kafka failed, as the operator is to read it.
import { EnvironmentError } from '../../contracts/environment-error.ts';
import { kafkaErrorCode } from './kafka-client.ts';
import type { KafkaConnection } from './kafka-options.ts';

const REFUSED: readonly RegExp[] = [
  /SASL/i,
  /AUTHORIZATION_FAILED$/,
  // Node's and OpenSSL's codes for certificates and handshakes that failed.
  /^ERR_(TLS|SSL)_/,
  /CERT/,
  /^UNABLE_TO_/,
  /^(EPROTO|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)$/,
];

/** `kafka.authentication_failed` or `kafka.unreachable`. */
export function connectFault(error: unknown, connection: KafkaConnection): EnvironmentError {
  const code = kafkaErrorCode(error);
  const brokers = connection.brokers.join(', ');
  if (REFUSED.some((pattern) => pattern.test(code))) {
    return new EnvironmentError('kafka.authentication_failed', `the Kafka brokers (${brokers}) refuse: ${code}`, {
      cause: error,
    });
  }
  return new EnvironmentError('kafka.unreachable', `no Kafka broker answers at ${brokers}: ${code}`, { cause: error });
}
