// A bridge in a process of its own and a sandbox cloud beside it, in a folder that goes with the test.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askBridge } from '../../runtime/control/control-client.ts';
import type { TopicName } from '../../schemas/records.ts';
import { createSandboxCloud, SANDBOX_DELETE_PATH, SANDBOX_REPORT_PATH } from '../../simulator/cloud/sandbox-cloud.ts';
import { type BridgePorts, type BridgeProcess, freePorts } from '../proofs/bridge-process.ts';
import { type InspectedRecord, recordsOf } from '../proofs/evidence.ts';
import { bridgeDirectories, startBridgeOfRun } from './bridge-of-run.ts';

const APP_ID = '100001';
const TOKEN = '0123456789abcdef0123456789abcdef';
const POLL_MS = 50;
const PATIENCE_MS = 50_000;

export interface HeldStudy {
  readonly studyId: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** How many uploads took effect. */
  readonly uploads: number;
  readonly reports: Readonly<Record<string, { readonly body: Readonly<Record<string, unknown>> }>>;
}

export interface StartedBridge extends AsyncDisposable {
  readonly folder: string;
  readonly ports: BridgePorts;
  readonly process: BridgeProcess;
  /** Of the sandbox cloud. */
  readonly cloudUrl: string;
  /** What the cloud holds now, by studyId. */
  studies(): Promise<ReadonlyMap<string, HeldStudy>>;
  status(): Promise<BridgeStatus>;
  /** Resolves when every task has read all of its inputs and the cloud's queue is empty. */
  idle(): Promise<void>;
  /** Tells it to end and resolves with its exit code. */
  drained(): Promise<number | NodeJS.Signals>;
  /** Every record of a topic; to be asked for when it has ended. */
  records(topic: TopicName): readonly InspectedRecord[];
}

export interface BridgeStatus {
  readonly tasks: readonly { readonly task: string; readonly topic: string; readonly lag: string }[];
  readonly sites: readonly {
    readonly studies: Readonly<Record<string, number>>;
    readonly queue: { readonly waiting: number } | null;
  }[];
}

export interface BridgeWish {
  readonly env?: Readonly<Record<string, string>>;
  /** Another compiled tree, broken on purpose. */
  readonly dist?: string;
}

export async function startedBridge({ env = {}, dist }: BridgeWish = {}): Promise<StartedBridge> {
  const folder = mkdtempSync(join(tmpdir(), 'studybridge-end-to-end-'));
  const cloud = createSandboxCloud({
    port: 0,
    accounts: new Map([[APP_ID, TOKEN]]),
    reportPath: SANDBOX_REPORT_PATH,
    deletePath: SANDBOX_DELETE_PATH,
  });
  await cloud.start(new AbortController().signal);
  const ports = await freePorts();
  const bridge = await startBridgeOfRun({
    folder,
    ports,
    env: {
      STUDYBRIDGE_CLOUD_URL: cloud.url,
      STUDYBRIDGE_CLOUD_APP_ID: APP_ID,
      STUDYBRIDGE_CLOUD_TOKEN: TOKEN,
      STUDYBRIDGE_CLOUD_REPORT_PATH: SANDBOX_REPORT_PATH,
      STUDYBRIDGE_CLOUD_DELETE_PATH: SANDBOX_DELETE_PATH,
      STUDYBRIDGE_STUDY_QUIET_MS: '300',
      ...env,
    },
    ...(dist === undefined ? {} : { dist }),
  });
  return {
    folder,
    ports,
    process: bridge,
    cloudUrl: cloud.url,
    studies: () => heldStudies(cloud.url),
    status: () => askStatus(bridgeDirectories(folder)),
    idle: () => eventually(async () => isIdle(await askStatus(bridgeDirectories(folder))), 'the bridge is idle'),
    drained: async () => {
      bridge.signal('SIGTERM');
      return await bridge.ended;
    },
    records: (topic) => recordsOf(folder, topic),
    [Symbol.asyncDispose]: async () => {
      bridge.signal('SIGKILL');
      await bridge.ended;
      await cloud[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when the condition holds; what is waited for happens in other processes. */
export async function eventually(condition: () => Promise<boolean>, what: string): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error(`it never came about that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Both sides are one program: what has the members is the status. */
function isStatus(item: unknown): item is BridgeStatus {
  return typeof item === 'object' && item !== null && 'tasks' in item && 'sites' in item;
}

/** Of all processes of the bridge together: each knows of its own tasks. */
async function askStatus(directories: readonly string[]): Promise<BridgeStatus> {
  const parts: BridgeStatus[] = [];
  for (const directory of directories) parts.push(await askOne(directory));
  return { tasks: parts.flatMap(({ tasks }) => tasks), sites: parts.flatMap(({ sites }) => sites) };
}

async function askOne(directory: string): Promise<BridgeStatus> {
  for await (const item of askBridge(directory, { command: 'status' }, AbortSignal.timeout(PATIENCE_MS))) {
    if (isStatus(item)) return item;
  }
  throw new Error('the bridge did not say its status');
}

function isIdle({ tasks, sites }: BridgeStatus): boolean {
  return (
    tasks.length > 0 &&
    tasks.every(({ lag }) => lag === '0') &&
    sites.every(({ studies, queue }) => (queue?.waiting ?? 0) === 0 && (studies['waiting_for_quiet'] ?? 0) === 0)
  );
}

async function heldStudies(url: string): Promise<ReadonlyMap<string, HeldStudy>> {
  const answer = await fetch(`${url}/sandbox/studies`);
  const { studies }: { readonly studies: readonly HeldStudy[] } = JSON.parse(await answer.text());
  return new Map(studies.map((study) => [study.studyId, study]));
}
