/**
 * What of a fetch is committed (`read_committed`), as Kafka's own consumer decides it.
 *
 * A broker names the aborted transactions of a fetch in the order in which they ended. Nested ones then stand out of the
 * order of their beginnings, so they are sorted here, and at each batch *all* are taken up that begin by its end.
 * A producer's records are dropped from there to its abort marker, which is a control batch.
 */
import type { RecordBatch } from './record-batches.ts';

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

export function committedBatches(
  batches: readonly RecordBatch[],
  aborted: readonly AbortedTransaction[],
): readonly RecordBatch[] {
  if (aborted.length === 0) return batches.filter(({ control }) => control === 'none');
  const toCome = [...aborted].sort((left, right) => compare(right.firstOffset, left.firstOffset));
  const aborting = new Set<bigint>();
  return batches.filter((batch) => {
    for (let next = toCome.at(-1); next !== undefined && next.firstOffset <= batch.lastOffset; next = toCome.at(-1)) {
      aborting.add(next.producerId);
      toCome.pop();
    }
    if (batch.control === 'abort') aborting.delete(batch.producerId);
    return batch.control === 'none' && !(batch.transactional && aborting.has(batch.producerId));
  });
}

/** Beyond everything that the fetch covered: records, aborted ones, markers, and what compaction took. */
export function nextOffset(batches: readonly RecordBatch[], asked: bigint): bigint {
  const last = batches.at(-1);
  return last === undefined || last.lastOffset < asked ? asked : last.lastOffset + 1n;
}

function compare(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
