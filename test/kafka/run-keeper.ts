// Keeps the servers that the tests of one run share: starts each when it is first asked for, ends all with the run.
//
// vitest loads this as a global set-up, in the process that starts the workers. It listens on a Unix socket whose path the
// workers inherit; a worker writes one line (`kafka 4.1.1`, `registry`) and reads one line of JSON. So a run of unrelated
// tests starts nothing, a server is started once however many files ask, and it dies with the run (`guarded-process.ts`).
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { containerRuntimeIsThere, kafkaInContainer, registryInContainer } from './container-servers.ts';
import { missingForMaven } from './maven-files.ts';
import { KAFKA_VERSIONS, ownBroker } from './own-broker.ts';
import { ownRegistry } from './own-registry.ts';

const SOCKET = 'STUDYBRIDGE_TEST_KEEPER';

/** An address, or why there is none. */
export interface KeeperAnswer {
  readonly address?: string;
  readonly missing?: string;
}

interface StartedServer extends AsyncDisposable {
  readonly address: string;
}

const answers = new Map<string, Promise<KeeperAnswer>>();
const started: StartedServer[] = [];
let server: Server | undefined;
let folder = '';

/** vitest's global set-up. */
export async function setup(): Promise<void> {
  // Of another project of the same run.
  if (process.env[SOCKET] !== undefined) return;
  folder = mkdtempSync(join(tmpdir(), 'studybridge-keeper-'));
  const path = join(folder, 'socket');
  server = createServer((socket) => {
    socket.setEncoding('utf8');
    socket.on('error', () => {
      // A worker that was killed while it waited: nobody is left to answer.
    });
    socket.once('data', (line: string) => {
      void startedHere(line.trim()).then((answer) => socket.end(`${JSON.stringify(answer)}\n`));
    });
  });
  await new Promise<void>((resolve) => void server?.listen(path, resolve));
  server.unref();
  process.env[SOCKET] = path;
}

/** vitest's global tear-down. */
export async function teardown(): Promise<void> {
  server?.close();
  for (const one of started.splice(0)) await one[Symbol.asyncDispose]();
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
}

/** What the run's keeper answers; undefined where no keeper runs. */
export function askedOfKeeper(wish: string): Promise<KeeperAnswer | undefined> {
  const path = process.env[SOCKET];
  if (path === undefined) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(path, () => socket.write(`${wish}\n`));
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.once('error', reject);
    socket.once('end', () => {
      const answer: KeeperAnswer = JSON.parse(text);
      resolve(answer);
    });
  });
}

/** Starts it in this process, once however often it is asked for; never rejects. */
export function startedHere(wish: string): Promise<KeeperAnswer> {
  const known = answers.get(wish);
  if (known !== undefined) return known;
  const answer = serverFor(wish).catch(
    (error: unknown): KeeperAnswer => ({ missing: error instanceof Error ? error.message : 'it did not start' }),
  );
  answers.set(wish, answer);
  return answer;
}

async function serverFor(wish: string): Promise<KeeperAnswer> {
  const [kind, asked] = wish.split(' ');
  const contained = containerRuntimeIsThere();
  const missing = missingForMaven();
  if (!contained && missing !== undefined) return { missing: `neither a container runtime nor ${missing} is here` };
  if (kind === 'registry') return kept(contained ? await registryInContainer() : await ownRegistry());
  const version = KAFKA_VERSIONS.find((candidate) => candidate === asked);
  if (kind !== 'kafka' || version === undefined) return { missing: `the keeper does not know ${wish}` };
  if (contained) return kept(await kafkaInContainer(version));
  const broker = await ownBroker({ version });
  return kept({ address: broker.bootstrap, [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose]() });
}

function kept(one: StartedServer): KeeperAnswer {
  started.push(one);
  return { address: one.address };
}
