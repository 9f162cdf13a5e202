// The parts of kafkajs that its public types leave out, typed at one border. The version is pinned in package.json.
import { createRequire } from 'node:module';
import type { Broker } from 'kafkajs';

const load = createRequire(import.meta.url);

/** What goes through a connection: the request encodes itself, the response is decoded by us. */
export interface Exchange<Answer> {
  readonly request: object;
  readonly response: {
    decode(raw: Buffer): Promise<Throttled<Answer>>;
    parse(decoded: Throttled<Answer>): Promise<Answer>;
  };
  readonly requestTimeout: number;
}
interface Throttled<Answer> {
  readonly clientSideThrottleTime: number;
  readonly answer: Answer;
}

export interface FetchRequestOptions {
  readonly replicaId: -1;
  readonly isolationLevel: 0 | 1;
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly rackId: string;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly fetchOffset: string;
      readonly maxBytes: number;
    }[];
  }[];
}

export interface ListOffsetsRequestOptions {
  readonly replicaId: -1;
  readonly isolationLevel: 0 | 1;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly timestamp: string }[];
  }[];
}

/** Fetch, version 11: Apache Kafka 2.3 and later. */
export const fetchRequest: (options: FetchRequestOptions) => object = load(
  'kafkajs/src/protocol/requests/fetch/v11/request',
);

/** ListOffsets, version 3: Apache Kafka 2.0 and later. */
export const listOffsetsRequest: (options: ListOffsetsRequestOptions) => object = load(
  'kafkajs/src/protocol/requests/listOffsets/v3/request',
);

/** The error that kafkajs itself makes of a protocol error code. */
export const protocolError: (code: number) => Error = load('kafkajs/src/protocol/error').createErrorFromCode;

/** The message of each protocol error and its stable name; kafkajs' log lines carry the message only. */
export const PROTOCOL_ERRORS: readonly { readonly type: string; readonly message: string }[] =
  load('kafkajs/src/protocol/error').errorCodes;

/** The class whose timer `request-queue-timer.ts` mends. */
export const RequestQueue: { readonly prototype: object } = load('kafkajs/src/network/requestQueue');

/** Sends one request to a broker over the connection that kafkajs keeps for its kind; `decode` runs once. */
export async function exchange<Answer>(
  broker: Broker,
  request: object,
  requestTimeoutMs: number,
  decode: (raw: Buffer) => Throttled<Answer>,
): Promise<Answer> {
  const pool: unknown = Reflect.get(broker, 'connectionPool');
  if (!sends(pool)) throw new TypeError('this version of kafkajs has another connection pool');
  return await pool.send<Answer>({
    request,
    response: { decode: async (raw) => decode(raw), parse: async ({ answer }) => answer },
    requestTimeout: requestTimeoutMs,
  });
}

interface Sender {
  send<Answer>(exchange: Exchange<Answer>): Promise<Answer>;
}

function sends(pool: unknown): pool is Sender {
  return typeof pool === 'object' && pool !== null && 'send' in pool && typeof pool.send === 'function';
}
