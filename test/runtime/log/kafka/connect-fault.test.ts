// What a failed start is told as: out of reach, or refused.
import { expect, test } from 'vitest';
import { connectFault } from '../../../../runtime/log/kafka/connect-fault.ts';
import { connectionTo } from './temporary-kafka-log.ts';

const connection = connectionTo('kafka.example:9092', 'kafka.example:9093');

function wrapped(parts: object): Error {
  const cause = Object.assign(new Error('a text from outside, with a password'), parts);
  return Object.assign(new Error('Connection error'), { name: 'KafkaJSNonRetriableError', cause });
}

test.each([
  ['kafka.authentication_failed', { name: 'KafkaJSSASLAuthenticationError' }],
  ['kafka.authentication_failed', { type: 'SASL_AUTHENTICATION_FAILED' }],
  ['kafka.authentication_failed', { type: 'UNSUPPORTED_SASL_MECHANISM' }],
  ['kafka.authentication_failed', { type: 'CLUSTER_AUTHORIZATION_FAILED' }],
  ['kafka.authentication_failed', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }],
  ['kafka.authentication_failed', { code: 'CERT_HAS_EXPIRED' }],
  ['kafka.authentication_failed', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }],
  ['kafka.authentication_failed', { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }],
  ['kafka.authentication_failed', { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' }],
  ['kafka.unreachable', { code: 'ECONNREFUSED' }],
  ['kafka.unreachable', { code: 'ENOTFOUND' }],
  ['kafka.unreachable', { name: 'KafkaJSRequestTimeoutError' }],
])('connect fault: it is %s where the cause is %j, and no text of the cause is passed on', (code, parts) => {
  const fault = connectFault(wrapped(parts), connection);
  expect(fault.code).toBe(code);
  expect(fault.message).toContain('kafka.example:9092, kafka.example:9093');
  expect(fault.message).not.toContain('password');
});
