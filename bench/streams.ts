// Kafka Streams' side of the tally: `bench/peers/streams`, built once by Maven into the user's cache.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { finishedCommand } from '../test/kafka/finished-command.ts';
import { outputOf } from './child-process.ts';

const SOURCES = fileURLToPath(new URL('../../bench/peers/streams', import.meta.url));

/** One line of figures, as `Tally.java` prints them. */
export async function runStreams(environment: Readonly<Record<string, string>>): Promise<Record<string, number>> {
  const built = await streamsBuilt();
  const classpath = `${join(built, 'target/classes')}:${join(built, 'lib/*')}`;
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error';
  const output = await outputOf(process.env['JAVA'] ?? 'java', ['-Xmx512m', quiet, '-cp', classpath, 'bench.Tally'], {
    ...process.env,
    ...environment,
  });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '{}');
}

/** Named by what it is built from, so that a changed source is built anew. */
export async function streamsBuilt(): Promise<string> {
  const digest = createHash('sha256');
  for (const path of readdirSync(SOURCES, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()) {
    digest.update(readFileSync(path));
  }
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'studybridge');
  const folder = join(cache, `streams-${digest.digest('hex').slice(0, 12)}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const draft = `${folder}.${process.pid}`;
  cpSync(SOURCES, draft, { recursive: true });
  process.stderr.write('building the Kafka Streams peer by Maven, once\n');
  const goals = ['-q', '-B', 'compile', 'dependency:copy-dependencies', '-DoutputDirectory=lib'];
  await finishedCommand('mvn', goals, { folder: draft });
  renameSync(draft, folder);
  return folder;
}
