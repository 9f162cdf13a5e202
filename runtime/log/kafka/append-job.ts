// One call of append: where its entries are, and what becomes of each.
import assert from 'node:assert/strict';
import type { Entry, Position } from '../../../schemas/record-entry.ts';
import { RecordRefused } from '../../contracts/record-log.ts';

/** gate: waits for room. queued: its next entry waits for a request. sent: its entries are on their way. gone: no more. */
export type JobPlace = 'gate' | 'queued' | 'sent' | 'gone';

/** A character becomes at most three bytes of UTF-8. */
const CHARACTER_BYTES = 3;
const RECORD_OVERHEAD_BYTES = 64;

export class AppendJob {
  readonly done: Promise<readonly Position[]>;
  readonly deadlineMs: number;
  /** Entries and bytes, as they count for the gate. */
  readonly count: number;
  readonly bytes: number;
  place: JobPlace = 'gate';
  /** The first entry that no request has taken. */
  next = 0;
  /** Called when it is rejected, at once. */
  onRejected: () => void = () => {};
  #entries: readonly Entry[];
  #sizes: readonly number[];
  readonly #positions: Position[] = [];
  readonly #refused = new Set<number>();
  #left: number;
  #settled = false;
  #resolve: (positions: readonly Position[]) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(entries: readonly Entry[], entryBytesMax: number, deadlineMs: number) {
    this.#entries = entries;
    this.#sizes = entries.map(entryBytes);
    this.bytes = this.#sizes.reduce((sum, size) => sum + size, 0);
    this.count = entries.length;
    this.#left = entries.length;
    this.deadlineMs = deadlineMs;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Sent to a broker, it would be refused with what travels with it, or end the connection.
    for (const [index, size] of this.#sizes.entries()) if (size > entryBytesMax) this.refuse(index);
    this.#skipRefused();
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** Whether every entry is in a request, or past it. */
  get taken(): boolean {
    return this.next >= this.#entries.length;
  }

  /** Of the entries that no request has taken. */
  get bytesLeft(): number {
    if (this.next === 0) return this.bytes;
    return this.#sizes.slice(this.next).reduce((sum, size) => sum + size, 0);
  }

  /** Of the next entry. */
  get nextBytes(): number {
    return this.#sizes[this.next] ?? 0;
  }

  take(): Entry {
    const entry = this.#entries[this.next];
    assert(entry !== undefined, 'a job is asked for what it has');
    this.next += 1;
    this.#skipRefused();
    return entry;
  }

  stored(index: number, position: Position): void {
    this.#positions[index] = position;
    this.#settleOne();
  }

  refuse(index: number): void {
    this.#refused.add(index);
    this.#settleOne();
  }

  /** What it holds is let go. */
  reject(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#entries = [];
    this.#sizes = [];
    this.#reject(error);
    this.onRejected();
  }

  #settleOne(): void {
    this.#left -= 1;
    if (this.#left > 0 || this.#settled) return;
    this.#settled = true;
    if (this.#refused.size > 0) this.#reject(new RecordRefused(this.#refused));
    else this.#resolve(this.#positions);
  }

  #skipRefused(): void {
    while (this.#refused.has(this.next)) this.next += 1;
  }
}

/** At most; counted without a walk over the text. */
function entryBytes({ key, value, headers }: Entry): number {
  let characters = key.length;
  for (const [name, text] of headers) characters += name.length + text.length;
  return RECORD_OVERHEAD_BYTES + characters * CHARACTER_BYTES + (value?.length ?? 0);
}
