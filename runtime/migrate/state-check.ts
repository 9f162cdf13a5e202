// Compares the changelog of a task on Kafka with what its state in the embedded log was divided into, entry by entry.
import { EnvironmentError } from '../contracts/environment-error.ts';
import { CarriedHash, sameParts } from './carried-hash.ts';
import type { CarriedEntry } from './carried-state.ts';
import type { MigratedStoreRow } from './migration-report.ts';
import type { PartitionReader } from './partition-reader.ts';

const NO_HEADERS: ReadonlyMap<string, string> = new Map();

/** Rejects with an `EnvironmentError`, `migration.differs`. */
export async function checkState(
  task: string,
  entries: Iterable<CarriedEntry>,
  partitions: readonly PartitionReader[],
  checked: () => void,
  signal: AbortSignal,
): Promise<readonly MigratedStoreRow[]> {
  const stores = new Map<string, { entries: number; readonly here: CarriedHash; readonly there: CarriedHash }>();
  for (const { store, partitions: targets, message } of entries) {
    const row = stores.get(store) ?? { entries: 0, here: new CarriedHash(), there: new CarriedHash() };
    stores.set(store, row);
    row.entries += 1;
    for (const partition of targets) {
      const reader = partitions[partition];
      const found = await reader?.peek(signal);
      const carried = { ...message, headers: NO_HEADERS };
      const read = { key: found?.key ?? '', value: found?.value ?? null, headers: found?.headers ?? NO_HEADERS };
      if (found === undefined || !sameParts(carried, read)) throw differs(task, store, partition);
      row.here.add(carried);
      row.there.add(read);
      reader?.take();
    }
    checked();
  }
  for (const [partition, reader] of partitions.entries()) {
    if ((await reader.peek(signal)) !== undefined) throw differs(task, 'another', partition);
  }
  return [...stores].map(([store, row]) => {
    const hash = row.here.digest();
    if (hash !== row.there.digest()) throw differs(task, store, 0);
    return { task, store, entries: row.entries, kafka: row.there.count, hash };
  });
}

/** Without the key: it may name a patient's study. */
function differs(task: string, store: string, partition: number): EnvironmentError {
  const what = `store ${store} of ${task} in partition ${partition}`;
  return new EnvironmentError('migration.differs', `the state on Kafka differs from the embedded log: ${what}`);
}
