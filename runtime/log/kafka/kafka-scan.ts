/**
 * A slice of a topic's history over all its partitions, over a connection of its own; committed records only.
 *
 * Partitions are read side by side, and a chunk is of one partition, in the order of its offsets. What has been fetched
 * is handed out before more is asked for, so memory stays bounded by one fetch. Without `follow` it ends where the
 * topic's committed records ended when it began.
 */
import type { TopicName } from '../../../schemas/records.ts';
import { type Clock, systemClock } from '../../contracts/clock.ts';
import { LogError, type ScanRange, type StoredRecord } from '../../contracts/record-log.ts';
import type { SchemaLearner } from '../../contracts/schema-learner.ts';
import type { ClusterReader, FetchedPartition } from './cluster-reader.ts';
import { storedRecord } from './stored-record.ts';

export interface ScanSource {
  readonly open: () => Promise<ClusterReader>;
  /** Of the topic, with the prefix. */
  readonly fullName: string;
  readonly topic: TopicName;
  readonly clock: Clock;
  readonly schemas: SchemaLearner | undefined;
  /** Aborts when the log is closed. */
  readonly closing: AbortSignal;
}

const PARTITION_BYTES = 1024 * 1024;
const CHUNK_RECORDS = 256;
const WAIT_MS = 500;
const AGAIN_FIRST_MS = 50;
const AGAIN_MAX_MS = 1_000;

interface Cursor {
  readonly partition: number;
  next: bigint;
  /** Undefined: goes on. */
  readonly end: bigint | undefined;
}

export async function* scanTopic(
  source: ScanSource,
  range: ScanRange,
  signal: AbortSignal,
): AsyncGenerator<readonly StoredRecord[], void, undefined> {
  const stop = AbortSignal.any([signal, source.closing]);
  if (source.closing.aborted) throw new LogError('log.closed');
  stop.throwIfAborted();
  const reader = await source.open();
  // Ends a long poll.
  const cut = (): void => void reader[Symbol.asyncDispose]();
  stop.addEventListener('abort', cut, { once: true });
  try {
    const cursors = await cursorsOf(source, reader, range);
    for (;;) {
      stop.throwIfAborted();
      const reading = cursors.filter(({ next, end }) => end === undefined || next < end);
      if (reading.length === 0) return;
      const fetched = await fetchAgain(source, reader, reading, stop);
      if (range.throughMs !== undefined && range.follow === true && isBeyond(source, fetched, range.throughMs)) return;
      for (const answer of fetched) yield* chunksOf(source, answer, range, reading, stop);
    }
  } catch (error) {
    // A fetch that was cut says so in words of its own.
    if (source.closing.aborted) throw new LogError('log.closed', { cause: error });
    signal.throwIfAborted();
    throw error;
  } finally {
    stop.removeEventListener('abort', cut);
    await reader[Symbol.asyncDispose]();
  }
}

async function cursorsOf(
  { fullName }: ScanSource,
  reader: ClusterReader,
  { fromMs, fromOffset, follow }: ScanRange,
): Promise<readonly Cursor[]> {
  const offsets = async (which: 'first' | 'stable'): Promise<readonly bigint[]> =>
    (await reader.offsets([fullName], which)).get(fullName) ?? [];
  const [firsts, ends] = [await offsets('first'), await offsets('stable')];
  const byTime = fromMs === undefined ? firsts : await reader.offsetsAt(fullName, fromMs);
  return ends.map((end, partition) => {
    const from = later(firsts[partition] ?? 0n, byTime[partition] ?? 0n);
    const asked = fromOffset === undefined || fromOffset < from ? from : fromOffset;
    // Beyond the end nothing can be fetched; what comes there is left out by its offset.
    return { partition, next: asked < end ? asked : end, end: follow === true ? undefined : end };
  });
}

async function fetchAgain(
  { fullName }: ScanSource,
  reader: ClusterReader,
  reading: readonly Cursor[],
  stop: AbortSignal,
): Promise<readonly FetchedPartition[]> {
  const asked = reading.map(({ partition, next }) => ({
    topic: fullName,
    partition,
    offset: next,
    maxBytes: PARTITION_BYTES,
  }));
  for (let pauseMs = AGAIN_FIRST_MS; ; pauseMs *= 2) {
    try {
      return await reader.fetch(asked, { maxWaitMs: WAIT_MS, minBytes: 1 });
    } catch (error) {
      // The reader connects anew; whoever scans gives up by its signal, or after some tries.
      if (pauseMs > AGAIN_MAX_MS || stop.aborted) throw error;
      await systemClock.sleep(pauseMs, stop);
    }
  }
}

async function* chunksOf(
  source: ScanSource,
  answer: FetchedPartition,
  range: ScanRange,
  reading: readonly Cursor[],
  stop: AbortSignal,
): AsyncGenerator<readonly StoredRecord[], void, undefined> {
  const { topic, fullName } = source;
  const { partition, outOfRange, lastStableOffset, records } = answer;
  const cursor = reading.find((one) => one.partition === partition);
  if (cursor === undefined || answer.topic !== fullName) return;
  // Retention has removed the beginning, or the topic was cut: goes on where there is something.
  cursor.next = outOfRange ? lastStableOffset : answer.next;
  const { end } = cursor;
  let chunk: StoredRecord[] = [];
  for (const fetched of records) {
    if (end !== undefined && fetched.offset >= end) break;
    const record = storedRecord(fetched, topic, partition);
    if (!isWithin(record, range)) continue;
    if (record.value !== null) await learned(source, record.value, stop);
    chunk.push(record);
    if (chunk.length < CHUNK_RECORDS) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/** The registry may be away: a record is not handed out before its schema is known, and is not skipped. */
async function learned({ schemas }: ScanSource, value: Uint8Array, stop: AbortSignal): Promise<void> {
  for (let pauseMs = AGAIN_FIRST_MS; schemas !== undefined; pauseMs = Math.min(pauseMs * 2, AGAIN_MAX_MS)) {
    const learning = schemas.learn(value);
    if (learning === undefined) return;
    try {
      return await learning;
    } catch {
      // Asked again, until the registry answers or nobody scans any more.
    }
    await systemClock.sleep(pauseMs, stop);
  }
}

/** Nothing has come although the time is over. */
function isBeyond({ clock }: ScanSource, fetched: readonly FetchedPartition[], throughMs: number): boolean {
  return clock.nowMs() > throughMs && fetched.every(({ records }) => records.length === 0);
}

function isWithin({ appendedAtMs, position }: StoredRecord, { fromMs, throughMs, fromOffset }: ScanRange): boolean {
  return (
    appendedAtMs >= (fromMs ?? Number.NEGATIVE_INFINITY) &&
    appendedAtMs <= (throughMs ?? Number.POSITIVE_INFINITY) &&
    position.offset >= (fromOffset ?? 0n)
  );
}

function later(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
