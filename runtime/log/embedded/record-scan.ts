// A slice of a topic's history, chunk by chunk: no cursor is held between two chunks, so nothing is pinned.
import type { Clock } from '../../contracts/clock.ts';
import { LogError, type ScanRange, type StoredRecord } from '../../contracts/record-log.ts';
import type { Wakeup } from '../tasks/wakeup.ts';
import type { TopicTable } from './topic-table.ts';

const CHUNK = { records: 256, bytes: 4 * 1024 * 1024 };

export interface ScanSource {
  readonly table: TopicTable;
  readonly clock: Clock;
  /** Notified when the topic has grown or the log is closing. */
  readonly grown: Wakeup;
  closed(): boolean;
}

export async function* scanTopic(
  source: ScanSource,
  range: ScanRange,
  signal: AbortSignal,
): AsyncGenerator<readonly StoredRecord[], void, undefined> {
  const { table, grown } = source;
  const wake = (): void => grown.notify();
  signal.addEventListener('abort', wake, { once: true });
  try {
    let next = firstOffset(table, range);
    const end = table.end;
    for (;;) {
      signal.throwIfAborted();
      if (source.closed()) throw new LogError('log.closed');
      const limit = range.follow === true ? table.end : end;
      const read = next < limit ? table.read(next, CHUNK) : [];
      const last = read.at(-1);
      if (last === undefined) {
        if (range.follow !== true) return;
        if (range.throughMs !== undefined && source.clock.nowMs() > range.throughMs) return;
        await grown.wait();
        continue;
      }
      next = last.position.offset + 1n;
      const chunk = read.filter((record) => record.position.offset < limit && isWithin(record, range));
      if (chunk.length > 0) yield chunk;
      // Gives the turn away between chunks that the caller takes without waiting.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  } finally {
    signal.removeEventListener('abort', wake);
  }
}

function firstOffset(table: TopicTable, { fromOffset, fromMs }: ScanRange): bigint {
  const byTime = fromMs === undefined ? table.first : table.offsetAt(fromMs);
  return fromOffset !== undefined && fromOffset > byTime ? fromOffset : byTime;
}

function isWithin({ appendedAtMs }: StoredRecord, { fromMs, throughMs }: ScanRange): boolean {
  return (
    appendedAtMs >= (fromMs ?? Number.NEGATIVE_INFINITY) && appendedAtMs <= (throughMs ?? Number.POSITIVE_INFINITY)
  );
}
