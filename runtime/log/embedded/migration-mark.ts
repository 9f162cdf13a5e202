/**
 * A file in the data directory that says: this log is being carried, or was carried, to Kafka.
 *
 * The log itself stays as it was when the migration began. Whoever went on with it would deliver a second time what
 * the tasks on Kafka deliver, so a log with the mark is not opened. The way back is to remove the file while nothing
 * runs on Kafka: the embedded log then goes on where it was, and knows nothing of what happened on Kafka since.
 */
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError } from '../../contracts/environment-error.ts';

export interface MigrationMark {
  /** Of this migration, made at its beginning. */
  readonly id: string;
  readonly clusterId: string;
  readonly topicPrefix: string;
  readonly partitions: number;
  readonly beganAtMs: number;
  /** null: the migration is not finished. */
  readonly finishedAtMs: number | null;
}

const FILE = 'migrated-to-kafka.json';

export async function readMigrationMark(folder: string): Promise<MigrationMark | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, FILE), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const mark: MigrationMark = JSON.parse(text);
  return mark;
}

/** Durable, name and all, when it resolves; the file is the old one or the new one. */
export async function writeMigrationMark(folder: string, mark: MigrationMark): Promise<void> {
  const draft = join(folder, `${FILE}.draft`);
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(mark, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, join(folder, FILE));
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** For who begins on Kafka beside a log. Rejects with an `EnvironmentError`, `migration.unfinished`. */
export async function assertMigrationFinished(folder: string): Promise<void> {
  const mark = await readMigrationMark(folder);
  if (mark === undefined || mark.finishedAtMs !== null) return;
  throw new EnvironmentError('migration.unfinished', `the log in ${folder} is not yet carried to Kafka as a whole`);
}

/** Rejects with an `EnvironmentError`, `log.migrated`. */
export async function assertNotMigrated(folder: string): Promise<void> {
  const mark = await readMigrationMark(folder);
  if (mark === undefined) return;
  const standing = mark.finishedAtMs === null ? 'its migration to Kafka is not finished' : 'it was carried to Kafka';
  throw new EnvironmentError('log.migrated', `the log in ${folder} is not opened: ${standing} (${FILE} says where)`);
}
