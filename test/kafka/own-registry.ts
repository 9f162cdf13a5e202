// A schema registry of the tests' own: Apicurio in memory, with the API that Confluent's clients speak.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { guardedProcess } from './guarded-process.ts';
import { mavenFiles } from './maven-files.ts';

// The last that runs on Java 17: version 3 needs 21.
const VERSION = '2.6.13.Final';
const HEAP = ['-Xms64m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

export interface OwnRegistry extends AsyncDisposable {
  /** Of the API that Confluent's clients speak. */
  readonly address: string;
  kill(): Promise<void>;
}

/** Settings are Quarkus', as system properties. */
export async function ownRegistry(settings: Readonly<Record<string, string>> = {}): Promise<OwnRegistry> {
  const files = await mavenFiles(`apicurio-${VERSION}`, [
    { group: 'io.apicurio', name: 'apicurio-registry-app', version: VERSION, archive: true },
  ]);
  const runner = readdirSync(files).find((name) => name.endsWith('-runner.jar'));
  if (runner === undefined) throw new Error('the registry has no runner among its files');
  const folder = mkdtempSync(join(tmpdir(), 'studybridge-registry-'));
  const port = await freePort();
  const all = { 'quarkus.http.host': '127.0.0.1', 'quarkus.http.port': String(port), ...settings };
  const registry = await guardedProcess({
    command: 'java',
    args: [...HEAP, ...Object.entries(all).map(([name, value]) => `-D${name}=${value}`), '-jar', join(files, runner)],
    folder,
    upLine: /Listening on:/,
  });
  const kill = async (): Promise<void> => {
    registry.signal('SIGKILL');
    await registry.ended;
  };
  return {
    address: `http://127.0.0.1:${port}/apis/ccompat/v7`,
    kill,
    [Symbol.asyncDispose]: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
