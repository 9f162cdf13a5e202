// Opens kafkajs: TLS, SASL, bounded retries, codecs; its log lines become facts.
import { type ISocketFactory, Kafka, type KafkaConfig, type LogEntry, logLevel, type RetryOptions } from 'kafkajs';
import type { Telemetry } from '../../contracts/telemetry.ts';
import { registerCompressionCodecs } from './compression-codecs.ts';
import type { KafkaConnection } from './kafka-options.ts';
import { PROTOCOL_ERRORS } from './kafkajs-internals.ts';
import { replaceProduceEncoding } from './produce-request.ts';
import { mendRequestQueueTimer } from './request-queue-timer.ts';

/** About two seconds: whoever calls knows better how long to go on. */
const RETRY: RetryOptions = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 4, factor: 0.2, multiplier: 2 };

/** What tells a socket apart, for a caller that must be able to cut it. */
export interface ClientVariant {
  readonly socketFactory?: ISocketFactory;
  readonly retry?: RetryOptions;
}

export function kafkaClient(connection: KafkaConnection, telemetry: Telemetry, variant: ClientVariant = {}): Kafka {
  registerCompressionCodecs();
  mendRequestQueueTimer();
  replaceProduceEncoding();
  return new Kafka({
    brokers: [...connection.brokers],
    clientId: connection.clientId,
    connectionTimeout: connection.connectionTimeoutMs,
    authenticationTimeout: connection.connectionTimeoutMs,
    requestTimeout: connection.requestTimeoutMs,
    enforceRequestTimeout: true,
    retry: RETRY,
    ...secured(connection),
    ...variant,
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => {
      if (isAdvice(entry)) return;
      telemetry.record('kafka.client_warned', { namespace: entry.namespace ?? '', code: logCode(entry) });
    },
  });
}

/** A stable short code for facts: never a text from outside (invariant 8). */
export function kafkaErrorCode(error: unknown): string {
  const chain = causes(error);
  for (const one of chain) {
    const type = textOf(one, 'type');
    if (type !== undefined && /^[A-Z0-9_]{2,64}$/.test(type)) return type;
  }
  for (const one of chain) {
    const code = textOf(one, 'code');
    if (code !== undefined && /^([A-Z][A-Z0-9_]{2,63}|[a-z]+\.[a-z_]{2,63})$/.test(code)) return code;
  }
  const name = textOf(chain.at(-1), 'name');
  return name !== undefined && /^[A-Za-z]{2,64}$/.test(name) ? name : 'Unknown';
}

function secured({ tls, sasl }: KafkaConnection): Pick<KafkaConfig, 'ssl' | 'sasl'> {
  return {
    ...(tls === undefined
      ? {}
      : {
          ssl: {
            ...(tls.authorities === undefined ? {} : { ca: tls.authorities }),
            ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
            ...(tls.key === undefined ? {} : { key: tls.key }),
            ...(tls.keyPassphrase === undefined ? {} : { passphrase: tls.keyPassphrase }),
          },
        }),
    ...(sasl === undefined ? {} : { sasl: saslOptions(sasl) }),
  };
}

function saslOptions({ mechanism, username, password }: NonNullable<KafkaConnection['sasl']>) {
  // One object a mechanism: the union of kafkajs' type does not take a union of mechanisms.
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password };
    case 'scram-sha-256':
      return { mechanism, username, password };
    case 'scram-sha-512':
      return { mechanism, username, password };
  }
}

/** Our producers bring their partitioner; the notice is printed once even so when a tool's producer does not. */
/** Of a default partitioner that is not used, and of retries that are bounded because a failed producer is replaced. */
function isAdvice({ log }: LogEntry): boolean {
  return ADVICE.some((beginning) => log.message.startsWith(beginning));
}

const ADVICE = ['KafkaJS v2.0.0 switched default partitioner', 'Limiting retries for the idempotent producer'];

/** The fixed beginnings of kafkajs' lines. What follows them may be text of a broker, so it is only compared. */
const LINES: readonly (readonly [beginning: string, code: string])[] = [
  ['Connection timeout', 'connection_timeout'],
  ['Connection error', 'connection_error'],
  ['Failed to connect', 'connection_failed'],
  ['Response without match', 'response_without_match'],
  ['Response ', 'error_response'],
  ['Crash: ', 'consumer_crashed'],
];

function logCode({ log }: LogEntry): string {
  const message = String(log.message);
  const detail = typeof log['error'] === 'string' ? log['error'] : message;
  const known = PROTOCOL_ERRORS.find((error) => error.message === detail || message.endsWith(error.message));
  if (known !== undefined) return known.type;
  const systemError = /\b(E[A-Z]{4,20})\b/.exec(detail)?.[1];
  if (systemError !== undefined) return systemError;
  const library = /\b(KafkaJS[A-Za-z]{1,50})\b/.exec(detail)?.[1];
  if (library !== undefined) return library;
  return LINES.find(([beginning]) => message.startsWith(beginning))?.[1] ?? 'other';
}

const CAUSES_MAX = 8;

function causes(error: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  for (let one = error; one instanceof Error && chain.length < CAUSES_MAX; one = one.cause) chain.push(one);
  return chain;
}

function textOf(value: unknown, field: 'type' | 'code' | 'name'): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = Reflect.get(value, field);
  return typeof found === 'string' ? found : undefined;
}
