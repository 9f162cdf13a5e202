// What is appended to a log: one record's key, value and headers.

/** Header names. Values are text. */
export type HeaderName = 'schema' | 'site' | 'trace' | 'content-hash' | 'causation';

export interface Entry {
  readonly topic: string;
  readonly key: string;
  /** Differs from `key` where a topic is partitioned by site. */
  readonly partitionKey: string;
  readonly value: Uint8Array | null;
  readonly headers: ReadonlyMap<string, string>;
}

/** Where a record stands; the receipt of an append. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** `topic/partition/offset`: the form of a position in headers and in `causes`. */
export function positionText(position: Position): string {
  return `${position.topic}/${position.partition}/${position.offset}`;
}
