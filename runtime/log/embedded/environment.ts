/**
 * The LMDB environment: its options and its tables. One environment holds log and state, so that one transaction
 * covers both.
 *
 * | table | key | value |
 * |---|---|---|
 * | `catalogue` | text: `layout`, `store/<task>/<store>`, `end/<topic>`, `compacted/<topic>` | text |
 * | `state` | store id (2 bytes), key (UTF-8) | the store codec's bytes |
 * | `newest` | hash of topic and key (16 bytes) | offset of the newest record that compaction has seen |
 * | `topic/<name>` | offset (8 bytes) | framed entry |
 *
 * Numbers are big-endian, so that LMDB's order of bytes is theirs.
 */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import type { TopicName } from '../../../schemas/records.ts';
import { TOPICS } from '../../../schemas/topics.ts';

export type Table = Database<Buffer, Buffer>;

export interface Environment {
  readonly catalogue: Table;
  readonly state: Table;
  readonly newest: Table;
  readonly topics: ReadonlyMap<TopicName, Table>;
  /** Runs `write` inside one transaction: all of it or nothing; resolves when it is durable. */
  transaction(write: () => void): Promise<void>;
  /** Frees the slots of readers whose process was killed; they would keep pages from being reused. */
  clearDeadReaders(): number;
  close(): Promise<void>;
}

const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;
const FILE = 'log.mdb';

export function openEnvironment(folder: string, mapSizeBytes: number): Environment {
  // Neither noSync, noMetaSync nor useWritemap: each would resolve before the pages are durable. With overlapping
  // syncs a failed flush would leave a rejected record visible. Event turn batching leaves an orphan rejection at each
  // failed commit, which would end the process by the wrong door.
  const root: RootDatabase<Buffer, Buffer> = open<Buffer, Buffer>({
    path: join(folder, FILE),
    noSubdir: true,
    mapSize: mapSizeBytes,
    maxDbs: 64,
    overlappingSync: false,
    eventTurnBatching: false,
    ...BINARY,
  });
  chmodSync(join(folder, FILE), 0o600);
  chmodSync(join(folder, `${FILE}-lock`), 0o600);
  const table = (name: string): Table => root.openDB<Buffer, Buffer>({ name, ...BINARY });
  return {
    catalogue: table('catalogue'),
    state: table('state'),
    newest: table('newest'),
    topics: new Map(
      Object.keys(TOPICS)
        .filter(isTopicName)
        .map((topic) => [topic, table(`topic/${topic}`)]),
    ),
    // Only a child transaction is rolled back when its callback throws.
    transaction: (write) => root.childTransaction(write),
    clearDeadReaders: () => root.readerCheck(),
    close: () => root.close(),
  };
}

/** LMDB's own error behind a `Commit failed`; undefined when it never comes. */
export async function commitCause(error: unknown, patience: Promise<void>): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error;
  // The cause is a promise of its own: without a handler its rejection would end the process as an orphan.
  const cause = Promise.resolve(error.commitError).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return await Promise.race([cause, patience]);
}

function isTopicName(name: string): name is TopicName {
  return Object.hasOwn(TOPICS, name);
}

export function textKey(text: string): Buffer {
  return Buffer.from(text);
}

export function offsetKey(offset: bigint): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeBigUInt64BE(offset);
  return key;
}

export function offsetOf(key: Buffer): bigint {
  return key.readBigUInt64BE(0);
}
