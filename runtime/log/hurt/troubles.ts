// What may go wrong in the log made to hurt, and how often.
import type { HurtPartition } from './hurt-partition.ts';

export type HurtTopics = ReadonlyMap<string, readonly HurtPartition[]>;

/** Probabilities, 0 to 1. */
export interface Troubles {
  /** Of a gap before the entries of an append. */
  readonly gap: number;
  /** Of a commit that fails; half of them have taken effect. */
  readonly failedCommit: number;
  /** Of another owner, at a commit. */
  readonly ownerChange: number;
  /** Of a read that brings only a part. */
  readonly shortRead: number;
  /** Of an append that rejects; half of them are stored all the same. */
  readonly failedAppend: number;
}

export const ORDINARY_TROUBLES: Troubles = {
  gap: 0.2,
  failedCommit: 0.1,
  ownerChange: 0.1,
  shortRead: 0.5,
  failedAppend: 0,
};

/** Passes the given number of turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
