// What a migration tells: how far it is, and what was carried and compared at the end.

export interface MigrationProgress {
  readonly step: 'records' | 'checking records' | 'states' | 'checking states';
  /** A topic, or a task. */
  readonly subject: string;
  /** Of this step. A migration that goes on begins with what was done before. */
  readonly done: number;
  readonly total: number;
}

export interface MigratedTopicRow {
  readonly topic: string;
  readonly embedded: number;
  readonly kafka: number;
  /** Removed on Kafka by retention or compaction since they were carried. */
  readonly cleaned: number;
  /** SHA-256 over keys, values and headers of what stands on Kafka, in order; the same on both sides. */
  readonly hash: string;
}

export interface MigratedStoreRow {
  readonly task: string;
  readonly store: string;
  readonly entries: number;
  /** More where entries went to every partition. */
  readonly kafka: number;
  readonly hash: string;
}

export interface MigrationReport {
  readonly id: string;
  /** It was finished before: nothing was carried or compared. */
  readonly finishedBefore: boolean;
  readonly topics: readonly MigratedTopicRow[];
  readonly stores: readonly MigratedStoreRow[];
  readonly tookMs: number;
}

const HASH_CHARACTERS = 16;

/** For a terminal: one row a topic and a store. */
export function migrationTable({ topics, stores }: MigrationReport): string {
  return [
    ...table(
      ['topic', 'embedded', 'Kafka', 'cleaned', 'SHA-256'],
      topics.map((row) => [row.topic, row.embedded, row.kafka, row.cleaned, row.hash.slice(0, HASH_CHARACTERS)]),
    ),
    '',
    ...table(
      ['task', 'store', 'embedded', 'Kafka', 'SHA-256'],
      stores.map((row) => [row.task, row.store, row.entries, row.kafka, row.hash.slice(0, HASH_CHARACTERS)]),
    ),
    '',
  ].join('\n');
}

type Cell = string | number;

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): readonly string[] {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => String(row[column] ?? '').length)),
  );
  const line = (cells: readonly Cell[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return typeof cell === 'number' ? String(cell).padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [line(head), ...rows.map(line)];
}
