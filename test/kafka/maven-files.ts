// Files that tests fetch by Maven, once a machine: pinned versions, kept outside the tree.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { finishedCommand } from './finished-command.ts';

const JAVA_MAJOR_MIN = 17;
const PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';
const LOCK_POLL_MS = 250;

export interface MavenArtifact {
  readonly group: string;
  readonly name: string;
  readonly version: string;
  /** An archive that stands alone: `tar.gz` of the classifier `all`. */
  readonly archive?: boolean;
}

/** What is missing here for programs that Maven fetches and Java runs; undefined where nothing is. */
export function missingForMaven(): string | undefined {
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const major = Number(/version "(\d+)/.exec(java.stderr ?? '')?.[1] ?? 0);
  if (major < JAVA_MAJOR_MIN) return `Java ${JAVA_MAJOR_MIN}`;
  return spawnSync('sh', ['-c', 'command -v mvn'], { stdio: 'ignore' }).status === 0 ? undefined : 'mvn';
}

/** The folder that holds the artifacts, their runtime dependencies beside them; archives are unpacked. */
export async function mavenFiles(name: string, artifacts: readonly MavenArtifact[]): Promise<string> {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'studybridge-test');
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const lock = join(cache, `${name}.lock`);
  await taken(lock);
  const draft = mkdtempSync(join(cache, `.${name}-`));
  try {
    if (existsSync(folder)) return folder;
    console.warn(`fetching ${name} by Maven, once for this machine`);
    await fetched(draft, artifacts);
    // A rename is whole or not at all: a killed fetch leaves no half folder of that name.
    renameSync(join(draft, 'files'), folder);
    return folder;
  } finally {
    rmSync(draft, { recursive: true, force: true });
    rmSync(lock, { force: true });
  }
}

async function fetched(draft: string, artifacts: readonly MavenArtifact[]): Promise<void> {
  const files = join(draft, 'files');
  for (const { group, name, version } of artifacts.filter(({ archive }) => archive === true)) {
    // Alone: what an archive's pom depends on is in the archive, and not all of it can be resolved.
    const artifact = `${group}:${name}:${version}:tar.gz:all`;
    await finishedCommand('mvn', [
      '-B',
      '-q',
      `${PLUGIN}:copy`,
      `-Dartifact=${artifact}`,
      `-DoutputDirectory=${files}`,
    ]);
    await finishedCommand('sh', [
      '-c',
      `cd '${files}' && tar xzf ${name}-${version}-all.tar.gz && rm ${name}-${version}-all.tar.gz`,
    ]);
  }
  const jars = artifacts.filter(({ archive }) => archive !== true);
  if (jars.length === 0) return;
  writeFileSync(join(draft, 'pom.xml'), projectOf(jars));
  const goal = [`${PLUGIN}:copy-dependencies`, '-DincludeScope=runtime', `-DoutputDirectory=${files}`];
  await finishedCommand('mvn', ['-B', '-q', '-f', join(draft, 'pom.xml'), ...goal]);
}

function projectOf(jars: readonly MavenArtifact[]): string {
  const dependencies = jars.map(
    ({ group, name, version }) =>
      `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`,
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>studybridge</groupId><artifactId>test-files</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${dependencies.join('\n')}</dependencies></project>
`;
}

/** One process fetches at a time; the lock of one that was killed is broken. */
async function taken(lock: string): Promise<void> {
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return;
    } catch {
      // Held: the loop ends when its holder removes it or has died.
      if (!holderLives(lock)) rmSync(lock, { force: true });
      else await later(LOCK_POLL_MS);
    }
  }
}

function holderLives(lock: string): boolean {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    // Just made, its number not written yet.
    if (pid === 0) return true;
    process.kill(pid, 0);
    return true;
  } catch {
    // No such file or no such process: nobody holds it.
    return false;
  }
}
