// The whole way behind the doors in this process: a log, the real tasks, a sandbox cloud, and one clock the test moves.
import { tmpdir } from 'node:os';
import type { Sender } from '../../connectors/hl7/message-intake.ts';
import { createIntake } from '../../connectors/hl7/message-intake.ts';
import type { Dossier } from '../../processors/assembly/dossier.ts';
import { loadConfiguration } from '../../runtime/config/load-configuration.ts';
import { silentTelemetry } from '../../runtime/contracts/telemetry.ts';
import { configuredAccounts } from '../../runtime/wiring/cloud-end.ts';
import { bridgeTasks } from '../../runtime/wiring/tasks.ts';
import { parseSite } from '../../schemas/identifiers.ts';
import type { Entry, Position } from '../../schemas/record-entry.ts';
import {
  createSandboxCloud,
  SANDBOX_DELETE_PATH,
  SANDBOX_REPORT_PATH,
  type SandboxCloud,
} from '../../simulator/cloud/sandbox-cloud.ts';
import { cloudSiteView } from '../../sinks/cloud/cloud-view.ts';
import { type LogUnderTest, signal, until } from '../runtime/log/log-under-test.ts';
import type { ManualClock } from '../runtime/log/manual-clock.ts';
import { logCodec } from './log-records.ts';

export const QUIET_MS = 2_000;
const SITE = 'default';
const APP_ID = '100001';
const TOKEN = '0123456789abcdef0123456789abcdef';
/** Below the sender's lease: a larger step would look like a machine that stood still. */
const STEP_MS = 1_000;

export interface WholeWay extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly log: LogUnderTest['log'];
  append(entries: readonly Entry[]): Promise<readonly Position[]>;
  /** The entry the MLLP door makes of a message: a record, or a dead letter for what it refuses. */
  messageEntry(bytes: Uint8Array): Entry;
  /** Resolves when tally and assembly have read everything. Next to no time passes. */
  read(): Promise<void>;
  /** Moves time; what can be delivered meanwhile is. */
  pass(durationMs: number): Promise<void>;
  /** Resolves when everything is read, every quiet time has passed and the cloud's queue is empty. */
  settled(): Promise<void>;
  /** Every body the cloud holds, as text, by what it is of. */
  finalState(): Promise<ReadonlyMap<string, string>>;
}

/** A cloud that is given outlives the way: another may go on with it. */
export async function openWholeWay(opened: LogUnderTest, given?: SandboxCloud): Promise<WholeWay> {
  const { log, clock } = opened;
  const cloud = given ?? (await sandbox(clock));
  const { configuration } = loadConfiguration({ environment: environmentOf(cloud), directory: tmpdir() });
  const accounts = configuredAccounts(configuration);
  const tasks = bridgeTasks(configuration, { codec: logCodec, clock, telemetry: silentTelemetry, accounts });
  const services = [log.run(tasks.sink), log.run(tasks.assembly), log.run(tasks.tally)];
  for (const service of services) await service.start(signal);
  const intake = doorIntake();
  const waiting = (): number =>
    log.view(tasks.sink).reduce((sum, state) => sum + cloudSiteView(state, SITE).waiting, 0);
  const read = (): Promise<void> => untilRead(opened, ['tally', 'assembly']);
  /** Nothing is left to be read, to fall quiet or to be delivered. */
  const rests = async (): Promise<boolean> => {
    await read();
    if (log.view(tasks.assembly).some(({ dossiers }) => holdsLoudImages(dossiers.range(`${SITE}/`)))) return false;
    // A view may show a commit a moment before the log tells of its outputs; an append after it is told of later.
    await log.append([intake(IGNORED, clock.nowMs())], signal);
    await untilRead(opened, ['tally', 'assembly', 'cloud-sink']);
    return waiting() === 0;
  };
  const step = async (durationMs: number): Promise<void> => {
    clock.advance(durationMs);
    // What is due happens in real time: a commit, an answer of the cloud. What has not happened soon waits for more time.
    for (const giveUpAt = performance.now() + PATIENCE_MS; performance.now() < giveUpAt; ) {
      if (await rests()) return;
      await new Promise<void>((resolve) => setTimeout(resolve, LOOK_MS));
    }
  };
  return {
    clock,
    log,
    append: (entries) => log.append(entries, signal),
    messageEntry: (bytes) => intake(bytes, clock.nowMs()),
    read,
    pass: async (durationMs) => {
      for (let left = durationMs; left > 0; left -= STEP_MS) await step(Math.min(STEP_MS, left));
    },
    settled: async () => {
      for (let steps = 0; !(await rests()); steps += 1) {
        if (steps > STEPS_MAX) throw new Error(`${waiting()} requests are never delivered`);
        await step(STEP_MS);
      }
    },
    finalState: () => finalState(cloud.url),
    [Symbol.asyncDispose]: async () => {
      for (const service of services) await service[Symbol.asyncDispose]();
      await opened.close();
      if (given === undefined) await cloud[Symbol.asyncDispose]();
    },
  };
}

/** Time creeps meanwhile, for what waits a little. Rejects with what would have ended the process. */
function untilRead({ log, fatal, clock }: LogUnderTest, names: readonly string[]): Promise<void> {
  return until(
    async () => {
      const [error] = fatal;
      if (error !== undefined) throw error;
      clock.advance(1);
      const { tasks } = await log.describe(signal);
      return tasks
        .filter(({ task }) => names.includes(task))
        .every(({ inputs }) => inputs.every(({ position, end }) => position >= end));
    },
    `${names.join(', ')} have read everything`,
  );
}

/** Kept, and used by nobody. */
const IGNORED = Buffer.from('MSH|^~\\&|HIS|TEST|BRIDGE|CLOUD|20260303080000||ZZZ^Z99|BARRIER|P|2.5.1\r');
const PATIENCE_MS = 50;
const LOOK_MS = 3;
const STEPS_MAX = 1_000;

function holdsLoudImages(dossiers: Iterable<readonly [key: string, dossier: Dossier]>): boolean {
  for (const [, { images }] of dossiers) if (images.some(({ quiet }) => !quiet)) return true;
  return false;
}

export async function sandbox(clock: ManualClock): Promise<SandboxCloud> {
  const cloud = createSandboxCloud({
    port: 0,
    accounts: new Map([[APP_ID, TOKEN]]),
    clock,
    reportPath: SANDBOX_REPORT_PATH,
    deletePath: SANDBOX_DELETE_PATH,
  });
  await cloud.start(signal);
  return cloud;
}

function environmentOf({ url }: SandboxCloud): Readonly<Record<string, string>> {
  return {
    STUDYBRIDGE_CLOUD_URL: url,
    STUDYBRIDGE_CLOUD_APP_ID: APP_ID,
    STUDYBRIDGE_CLOUD_TOKEN: TOKEN,
    STUDYBRIDGE_CLOUD_REPORT_PATH: SANDBOX_REPORT_PATH,
    STUDYBRIDGE_CLOUD_DELETE_PATH: SANDBOX_DELETE_PATH,
    STUDYBRIDGE_STUDY_QUIET_MS: String(QUIET_MS),
  };
}

function doorIntake(): (bytes: Uint8Array, nowMs: number) => Entry {
  const site = parseSite(SITE);
  if (site === undefined) throw new TypeError('the name is a site');
  const route = (_: Sender) => ({ site, source: 'his' });
  const intake = createIntake({ codec: logCodec, route, refusedSite: site });
  const source = { address: '127.0.0.1', defaultCharset: undefined };
  return (bytes, nowMs) => intake({ kind: 'message', bytes }, source, nowMs).entry;
}

interface Held {
  readonly studies: readonly {
    readonly studyId: string;
    readonly body: unknown;
    readonly reports: Readonly<Record<string, { readonly body: unknown }>>;
  }[];
}

async function finalState(url: string): Promise<ReadonlyMap<string, string>> {
  const { studies }: Held = JSON.parse(await (await fetch(`${url}/sandbox/studies`)).text());
  const bodies = studies.flatMap(({ studyId, body, reports }) => [
    // The members of a body stand in the order they were sent in.
    [`study ${studyId}`, JSON.stringify(body)] as const,
    ...Object.entries(reports).map(
      ([reportId, report]) => [`study ${studyId}, report ${reportId}`, JSON.stringify(report.body)] as const,
    ),
  ]);
  return new Map(bodies.sort(([a], [b]) => (a < b ? -1 : 1)));
}
