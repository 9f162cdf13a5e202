/**
 * Timers as entries of two stores: by key, to move one, and by due time, to find the next without a scan.
 * They cost nothing to restore, and a batch touches only those it moves.
 */
import assert from 'node:assert/strict';
import { numberCodec, presenceCodec } from '../../contracts/state-codecs.ts';
import type { Timers } from '../../contracts/task.ts';
import type { CommittedStores } from '../../state/committed-store.ts';
import { KEY_BYTES_MAX, OverlayStore } from '../../state/overlay-store.ts';
import { OWN_STORES, type StateChange } from './task-storage.ts';

export interface DueTimer {
  readonly key: string;
  readonly dueMs: number;
}

/** Enough for all wall clocks: 8.64e15 ms is the last Date. */
const DUE_DIGITS = 16;

/** The timers of one batch: what is scheduled, moved and cancelled, over the committed ones. */
export class BatchTimers implements Timers {
  readonly #timers: OverlayStore<number>;
  readonly #due: OverlayStore<true>;
  readonly #moved = new Map<string, number | undefined>();

  constructor(stores: CommittedStores) {
    this.#timers = new OverlayStore(stores(OWN_STORES.timers), numberCodec);
    this.#due = new OverlayStore(stores(OWN_STORES.due), presenceCodec);
  }

  get size(): number {
    return this.#moved.size;
  }

  schedule(key: string, dueMs: number): void {
    assert(Buffer.byteLength(key) < KEY_BYTES_MAX - DUE_DIGITS, 'a timer key has at most 1,880 bytes');
    assert(Number.isFinite(dueMs), 'a due time is a number');
    this.#moved.set(key, Math.max(0, Math.ceil(dueMs)));
  }

  cancel(key: string): void {
    this.#moved.set(key, undefined);
  }

  /** Whether the timer still waits for this due time: an earlier item of the batch may have moved or cancelled it. */
  stillDue({ key }: DueTimer): boolean {
    return !this.#moved.has(key);
  }

  changes(): readonly StateChange[] {
    for (const [key, dueMs] of this.#moved) this.#move(key, dueMs);
    return [
      ...[...this.#timers.changes()].map(([key, bytes]) => ({ store: OWN_STORES.timers, key, bytes })),
      ...[...this.#due.changes()].map(([key, bytes]) => ({ store: OWN_STORES.due, key, bytes })),
    ];
  }

  #move(key: string, dueMs: number | undefined): void {
    const before = this.#timers.get(key);
    if (before === dueMs) return;
    if (before !== undefined) this.#due.delete(dueKey(key, before));
    if (dueMs === undefined) {
      this.#timers.delete(key);
      return;
    }
    this.#timers.set(key, dueMs);
    this.#due.set(dueKey(key, dueMs), true);
  }
}

/** The earliest committed timers, at most `limit`. */
export function firstTimers(stores: CommittedStores, limit: number): readonly DueTimer[] {
  return stores(OWN_STORES.due)
    .page('', undefined, limit)
    .map(([entry]) => ({ key: entry.slice(DUE_DIGITS + 1), dueMs: Number(entry.slice(0, DUE_DIGITS)) }));
}

function dueKey(key: string, dueMs: number): string {
  return `${String(dueMs).padStart(DUE_DIGITS, '0')}/${key}`;
}
