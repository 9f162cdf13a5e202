// Which error means what to a reader: another leader is to be found, or the connection is to be made anew.

/** The protocol's names. After these the metadata is asked for again. */
const STALE_METADATA: ReadonlySet<string> = new Set([
  'FENCED_LEADER_EPOCH',
  'KAFKA_STORAGE_ERROR',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'OFFSET_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'UNKNOWN_LEADER_EPOCH',
  'UNKNOWN_TOPIC_OR_PARTITION',
]);

/** Names of kafkajs' errors that say nothing certain about the connection any more. */
const LINK_TROUBLE: ReadonlySet<string> = new Set([
  'KafkaJSBrokerNotFound',
  'KafkaJSConnectionClosedError',
  'KafkaJSConnectionError',
  'KafkaJSLockTimeout',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSNumberOfRetriesExceeded',
  'KafkaJSRequestTimeoutError',
  'KafkaJSSASLAuthenticationError',
  'KafkaJSTopicMetadataNotLoaded',
]);

export const OFFSET_OUT_OF_RANGE = 1;

export function isStaleMetadata(code: string): boolean {
  return STALE_METADATA.has(code);
}

/**
 * A request that timed out may have met a host that is gone without a word; kafkajs would go on writing to that socket.
 * Retries that were exceeded count unless a stale leader was behind them.
 */
export function isLinkTrouble(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause) {
    if ('type' in one && typeof one.type === 'string') return false;
    if (LINK_TROUBLE.has(one.name) && one.name !== 'KafkaJSNumberOfRetriesExceeded') return true;
    if (one.cause === undefined) return LINK_TROUBLE.has(one.name);
  }
  return false;
}
