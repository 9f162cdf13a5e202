/**
 * The changelog of a task partition: each change of its state as a record, compacted by key. It is the state; what a
 * process keeps locally is a copy of it, brought up to date here before the task begins.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { systemClock } from '../../contracts/clock.ts';
import { LogError } from '../../contracts/record-log.ts';
import { KEY_BYTES_MAX } from '../../state/overlay-store.ts';
import { SortedChanges } from '../../state/sorted-changes.ts';
import type { StateCache } from '../../state/state-cache.ts';
import type { StateChange } from '../tasks/task-storage.ts';
import type { ClusterReader, FetchedPartition, FetchedRecord } from './cluster-reader.ts';

/** The key of the record by which an owner begins; never a change, whose key holds a slash. */
export const MARKER_KEY = '#marker';

export interface ChangelogMessage {
  readonly key: Buffer;
  /** Null: deleted. */
  readonly value: Buffer | null;
}

/** The key is the store's name, which holds no slash, a slash, and the key in the store. */
export function changelogMessage({ store, key, bytes }: StateChange): ChangelogMessage {
  const value = bytes === undefined ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { key: Buffer.from(`${store}/${key}`), value };
}

/** Undefined for what is no change: a marker, or a record that someone else wrote. */
export function changeIn({ key, value }: FetchedRecord): StateChange | undefined {
  const slash = key?.indexOf(SLASH) ?? -1;
  if (key === null || slash === -1) return undefined;
  const keyBytes = key.length - slash - 1;
  if (keyBytes === 0 || keyBytes > KEY_BYTES_MAX) return undefined;
  return { store: key.toString('latin1', 0, slash), key: key.toString('utf8', slash + 1), bytes: value ?? undefined };
}

export interface RestoreOptions {
  readonly reader: ClusterReader;
  /** Full name of the changelog. */
  readonly topic: string;
  readonly partition: number;
  readonly cache: StateCache;
  /** The offset of the new owner's marker: everything before it belongs to the state, and nothing can join it. */
  readonly through: bigint;
  readonly signal: AbortSignal;
}

export interface Restored {
  readonly changes: number;
  /** The offset from which the changelog was read. */
  readonly from: bigint;
}

const SLASH = 0x2f;
/** Decoded in one turn of the event loop, in a few ms; larger ones are no faster. */
const FETCH_BYTES = 1024 * 1024;
/** Bounds what is held in memory to be sorted. */
const GROUP_CHANGES = 250_000;
const GROUP_BYTES = 64 * 1024 * 1024;
/** A slice is merged and encoded in one turn: a few ms, so that heartbeats and sockets live beside a long restore. */
const SLICE_CHANGES = 2_000;
const WAIT_MS = 500;
/** The marker is committed, so its offset is readable at once; a log that ends before it has lost its tail. */
const STALLED_MS = 30_000;

/**
 * Brings the cache up to the marker. Changes are applied in groups, each in the order of keys: until a group is whole,
 * the cache says that it reaches to the group's beginning, from where a restore that is broken off is repeated.
 * Rejects with `log.unavailable` when the changelog ends before the marker.
 */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const { cache, through } = options;
  const begunMs = systemClock.nowMs();
  const from = await beginning(options);
  const group = new SortedChanges();
  let changes = 0;
  let grouped = 0;
  let reached = from;
  for await (const { records, next } of chunks(options, from)) {
    for (const record of records) {
      const change = record.offset < through ? changeIn(record) : undefined;
      if (change === undefined) continue;
      group.add(change);
      grouped += 1;
    }
    if (grouped >= GROUP_CHANGES || group.bytes >= GROUP_BYTES) {
      // What a half restored copy contains is as old as what it began with.
      await applyGroup(options, group, reached, cache.currentAtMs ?? begunMs);
      changes += grouped;
      grouped = 0;
      reached = next;
    }
  }
  await applyGroup(options, group, reached, cache.currentAtMs ?? begunMs);
  await cache.apply([], through, begunMs);
  return { changes: changes + grouped, from };
}

async function applyGroup(
  { cache, signal }: RestoreOptions,
  group: SortedChanges,
  reached: bigint,
  currentAtMs: number,
): Promise<void> {
  let slice: StateChange[] = [];
  for (const change of group.take()) {
    slice.push(change);
    if (slice.length < SLICE_CHANGES) continue;
    await cache.apply(slice, reached, currentAtMs);
    slice = [];
    signal.throwIfAborted();
    await turn();
  }
  await cache.apply(slice, reached, currentAtMs);
}

/** Where to read on; a copy that has missed what the log no longer has is dropped. */
async function beginning({ reader, topic, partition, cache, through }: RestoreOptions): Promise<bigint> {
  const first = (await reader.offsets([topic], 'first')).get(topic)?.[partition] ?? 0n;
  const { appliedTo } = cache;
  if (appliedTo !== undefined && appliedTo >= first && appliedTo <= through) return appliedTo;
  // Beyond the end: the topic was made anew. Before the first: deletions may have been removed unread.
  if (appliedTo !== undefined) await cache.drop(appliedTo > through ? 'beyond_end' : 'before_first');
  return first;
}

/** What the partition holds before the marker; the next chunk is on its way while one is worked on. */
async function* chunks(options: RestoreOptions, from: bigint): AsyncGenerator<FetchedChunk, void, undefined> {
  const { through, signal } = options;
  let progressMs = systemClock.monotonicMs();
  let next = from;
  let ahead = next < through ? fetchFrom(options, next) : undefined;
  while (ahead !== undefined) {
    const chunk = await ahead;
    signal.throwIfAborted();
    if (chunk.next > next) progressMs = systemClock.monotonicMs();
    else if (systemClock.monotonicMs() - progressMs > STALLED_MS) throw new LogError('log.unavailable');
    next = chunk.next;
    ahead = next < through ? fetchFrom(options, next) : undefined;
    // A failure of the fetch ahead is met when its turn comes, or by nobody when this one's apply has failed.
    ahead?.catch(() => {});
    yield chunk;
  }
}

type FetchedChunk = Pick<FetchedPartition, 'records' | 'next'>;

async function fetchFrom({ reader, topic, partition }: RestoreOptions, offset: bigint): Promise<FetchedChunk> {
  const wanted = [{ topic, partition, offset, maxBytes: FETCH_BYTES }];
  const [chunk] = await reader.fetch(wanted, { maxWaitMs: WAIT_MS, minBytes: 1 });
  // Out of range: the log has lost its tail, or its head since it was asked for.
  if (chunk?.outOfRange === true) throw new LogError('log.unavailable');
  return chunk ?? { records: [], next: offset };
}
