/**
 * Removes what need not be kept: by age, and on compacted topics what a later record of the same key has replaced.
 *
 * 1. What a task has yet to read is never removed, however old it is or whatever replaced it.
 * 2. Everything goes in slices of at most `SLICE_KEYS` keys, a group of the one queue each, so that appends are not
 *    held up. LMDB uses the freed pages again; the file does not shrink.
 * 3. Compaction visits each record once, in order, and notes in `newest` where it last saw the key. Removing what was
 *    noted before, noting this one and moving on (`compacted/<topic>`) are one transaction. A record without a value
 *    ends its key: both go.
 */
import { createHash } from 'node:crypto';
import type { TopicName } from '../../../schemas/records.ts';
import { TOPICS } from '../../../schemas/topics.ts';
import type { Clock } from '../../contracts/clock.ts';
import type { Telemetry } from '../../contracts/telemetry.ts';
import { isTombstone, unframeAppendedAtMs, unframeKey } from './entry-framing.ts';
import { type Environment, offsetKey, offsetOf, textKey } from './environment.ts';
import type { GroupWriter } from './group-writer.ts';
import type { TopicTable } from './topic-table.ts';

export type RetentionOverrides = { readonly [Name in TopicName]?: number | null };

export interface RetentionOptions {
  readonly environment: Environment;
  readonly topics: ReadonlyMap<string, TopicTable>;
  readonly writer: GroupWriter;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly retentionMs: RetentionOverrides;
  readonly compactionLagMs: number;
  readonly tasks: TaskReaders;
}

export interface TaskReaders {
  /** Whether tasks run here at all: a process that only looks into the directory removes nothing. */
  readonly known: boolean;
  /** The first offset that a task has yet to read; undefined when no task reads the topic. */
  unreadFrom(topic: TopicName): bigint | undefined;
}

const SWEEP_EVERY_MS = 60_000;
const SLICE_KEYS = 500;

export class Retention {
  readonly #options: RetentionOptions;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Sweeps every minute until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, environment, telemetry } = this.#options;
    while (!signal.aborted) {
      try {
        await clock.sleep(SWEEP_EVERY_MS, signal);
      } catch {
        // Aborted: the log is closing.
        return;
      }
      const readers = environment.clearDeadReaders();
      if (readers > 0) telemetry.record('log.readers_cleared', { readers });
      await this.sweep(signal);
    }
  }

  async sweep(signal: AbortSignal): Promise<void> {
    const { telemetry, topics, tasks } = this.#options;
    if (!tasks.known) return;
    for (const table of topics.values()) {
      try {
        const removed = (await this.#compact(table, signal)) + (await this.#expire(table, signal));
        if (removed > 0) telemetry.record('log.retention_removed', { topic: table.topic, records: removed });
      } catch {
        // Nothing is lost: a slice is removed as a whole or not at all, and the next sweep begins where this one ended.
        if (signal.aborted) return;
        telemetry.record('log.retention_failed', { topic: table.topic });
      }
    }
  }

  async #expire(table: TopicTable, signal: AbortSignal): Promise<number> {
    const retentionMs = this.#retentionMs(table.topic);
    if (retentionMs === null) return 0;
    const cutMs = this.#options.clock.nowMs() - retentionMs;
    const limit = lower(table.offsetAt(cutMs), this.#unreadFrom(table));
    let removed = 0;
    while (table.first < limit && !signal.aborted) {
      const slice = table.framed(table.first, SLICE_KEYS).filter(({ offset }) => offset < limit);
      if (slice.length === 0) break;
      await this.#group(slice.length, () => {
        table.remove(slice.map(({ offset }) => offset));
        if (isCompacted(table.topic)) for (const record of slice) this.#forget(table.topic, record);
      });
      table.removed();
      removed += slice.length;
    }
    return removed;
  }

  async #compact(table: TopicTable, signal: AbortSignal): Promise<number> {
    if (!isCompacted(table.topic)) return 0;
    const { clock, compactionLagMs, environment } = this.#options;
    const youngest = clock.nowMs() - compactionLagMs;
    const unread = this.#unreadFrom(table);
    const cursorKey = textKey(`compacted/${table.topic}`);
    let removed = 0;
    while (!signal.aborted) {
      const cursor = BigInt(environment.catalogue.get(cursorKey)?.toString() ?? '0');
      const slice = table
        .framed(cursor, SLICE_KEYS)
        .filter(({ offset, bytes }) => offset < unread && unframeAppendedAtMs(bytes) < youngest);
      const last = slice.at(-1);
      if (last === undefined) break;
      const replaced = new Set<bigint>();
      await this.#group(3 * slice.length, () => {
        for (const record of slice) this.#visit(table.topic, record, replaced);
        table.remove([...replaced]);
        environment.catalogue.putSync(cursorKey, Buffer.from(String(last.offset + 1n)));
      });
      table.removed();
      removed += replaced.size;
    }
    return removed;
  }

  #visit(topic: TopicName, { offset, bytes }: FramedRecord, replaced: Set<bigint>): void {
    const { newest } = this.#options.environment;
    const { key, flags } = unframeKey(bytes);
    const at = newestKey(topic, key);
    const before = newest.get(at);
    if (before !== undefined) replaced.add(offsetOf(before));
    if (isTombstone(flags)) {
      replaced.add(offset);
      if (before !== undefined) newest.removeSync(at);
    } else newest.putSync(at, offsetKey(offset));
  }

  #forget(topic: TopicName, { offset, bytes }: FramedRecord): void {
    const { newest } = this.#options.environment;
    const at = newestKey(topic, unframeKey(bytes).key);
    const noted = newest.get(at);
    if (noted !== undefined && offsetOf(noted) === offset) newest.removeSync(at);
  }

  async #group(writes: number, write: () => void): Promise<void> {
    await this.#options.writer.submit({ kind: 'commit', writes, bytes: 0, write });
  }

  #unreadFrom(table: TopicTable): bigint {
    return this.#options.tasks.unreadFrom(table.topic) ?? table.end;
  }

  #retentionMs(topic: TopicName): number | null {
    const configured = this.#options.retentionMs[topic];
    return configured === undefined ? TOPICS[topic].retentionMs : configured;
  }
}

interface FramedRecord {
  readonly offset: bigint;
  readonly bytes: Buffer;
}

function isCompacted(topic: TopicName): boolean {
  return TOPICS[topic].cleanup !== 'delete';
}

/** A hash, since a record's key may be longer than a key of LMDB. */
function newestKey(topic: TopicName, key: string): Buffer {
  const hash = createHash('sha256').update(topic).update('\0').update(key).digest();
  return hash.subarray(0, 16);
}

function lower(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}
