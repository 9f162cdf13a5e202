// How far a migration has come; committed with what was carried, so that going on neither doubles nor skips.

export interface MigrationCursor {
  readonly phase: 'records' | 'states' | 'done';
  /** The topic, and in the embedded log the next offset, that is to be carried; topics before it are whole. */
  readonly topic: string;
  readonly next: bigint;
  /** The task, store and key that were carried last. */
  readonly state: StatePlace | null;
}

export interface StatePlace {
  readonly task: string;
  readonly store: string;
  readonly key: string;
}

export const MIGRATION_BEGIN: MigrationCursor = { phase: 'records', topic: '', next: 0n, state: null };

const VERSION = 1;

export function migrationCursorBytes({ next, ...cursor }: MigrationCursor): Buffer {
  return Buffer.from(JSON.stringify({ version: VERSION, ...cursor, next: String(next) }));
}

/** Throws a TypeError on bytes of another version. */
export function migrationCursorOf(bytes: Buffer): MigrationCursor {
  const read: { readonly version: number; readonly next: string } & Omit<MigrationCursor, 'next'> = JSON.parse(
    bytes.toString(),
  );
  const { version, next, phase, topic, state } = read;
  if (version !== VERSION) throw new TypeError('a cursor of a migration has an unknown form');
  return { phase, topic, state, next: BigInt(next) };
}
