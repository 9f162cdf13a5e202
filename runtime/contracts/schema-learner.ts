// Makes the schema of a record known before the record is decoded: decoding itself does no I/O.
export interface SchemaLearner {
  /**
   * Undefined when the schema is known, or can never be; else resolves when it has been fetched. Rejects when the
   * registry does not answer: the reader waits and asks again, since a record is never given up for an outage.
   */
  learn(value: Uint8Array): Promise<void> | undefined;
}
