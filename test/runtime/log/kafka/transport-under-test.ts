// What the transport's tests share: a connection without secrets, and the ways to ask.
import type { KafkaConnection } from '../../../../runtime/log/kafka/kafka-options.ts';

export function connectionTo(bootstrap: string): KafkaConnection {
  return {
    brokers: [bootstrap],
    clientId: 'studybridge-test',
    rack: undefined,
    tls: undefined,
    sasl: undefined,
    connectionTimeoutMs: 2_000,
    requestTimeoutMs: 10_000,
  };
}

export const NO_WAIT = { maxWaitMs: 10, minBytes: 1 } as const;
