// A hospital's day through a bridge that is ended again and again: many lives of one data directory.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CrashPoint } from '../../runtime/contracts/crash-point.ts';
import { type BridgePorts, type BridgeProcess, freePorts, startBridge } from './bridge-process.ts';
import type { CheckedCloud } from './cloud-check.ts';
import { lossesIn, recordsOf } from './evidence.ts';
import type { HospitalDay } from './hospital-day.ts';
import { sendMessages } from './interface-engine.ts';
import { Ledger } from './ledger.ts';
import { storeInstances } from './modality.ts';

/** How one life ends. */
export type Ending =
  | { readonly how: 'kill'; readonly afterMs: number }
  | { readonly how: 'crash point'; readonly point: CrashPoint; readonly passage: number }
  | { readonly how: 'terminate'; readonly afterMs: number };

export interface LivesPlan {
  readonly day: HospitalDay;
  readonly endings: readonly Ending[];
  readonly cloud: CheckedCloud;
  readonly dist?: string;
  /** How long the cloud may take to be right after the last life's work. */
  readonly settleMs?: number;
}

export interface LivesOutcome {
  /** Sentences about what the invariants forbid and was seen. */
  readonly violations: readonly string[];
  /** How many lives ended at each crash point, by SIGKILL elsewhere (`kill`), or with exit code 0 (`exit 0`). */
  readonly ends: ReadonlyMap<string, number>;
  readonly readyMs: readonly number[];
}

const WINDOW = 8;
const ASSOCIATIONS = 4;
const QUIET_MS = 200;
/** A life whose crash point is not reached is killed then. */
const UNREACHED_MS = 700;
/** Longer than the 10 s that a drain may take: exceeding it shows as an end by SIGKILL. */
const DRAIN_LIMIT_MS = 12_000;
const SETTLE_MS = 60_000;

export async function liveAndDie(plan: LivesPlan): Promise<LivesOutcome> {
  const folder = mkdtempSync(join(tmpdir(), 'studybridge-lives-'));
  const ports = await freePorts();
  const messages = new Ledger(join(folder, 'messages.ledger'));
  const instances = new Ledger(join(folder, 'instances.ledger'));
  const ends = new Map<string, number>();
  const readyMs: number[] = [];
  const start = (env: Readonly<Record<string, string>>): Promise<BridgeProcess> =>
    startBridge({
      folder,
      ports,
      env: { ...plan.cloud.env, STUDYBRIDGE_STUDY_QUIET_MS: String(QUIET_MS), ...env },
      ...(plan.dist === undefined ? {} : { dist: plan.dist }),
    });

  const lives = plan.endings.length;
  const messagesEach = Math.ceil(plan.day.messages.length / (lives + 1));
  const instancesEach = Math.ceil(plan.day.instances.length / (lives + 1));
  for (const ending of plan.endings) {
    const bridge = await start(crashEnvironment(ending));
    readyMs.push(bridge.readyMs);
    const work = sendOpen(plan.day, ports, messages, instances, messagesEach, instancesEach);
    const end = await endOf(bridge, ending, work);
    ends.set(end, (ends.get(end) ?? 0) + 1);
    await work;
  }

  const last = await start({});
  readyMs.push(last.readyMs);
  await sendOpen(plan.day, ports, messages, instances, plan.day.messages.length, plan.day.instances.length);
  const differences = await plan.cloud.settled(plan.day.studies, plan.settleMs ?? SETTLE_MS);
  last.signal('SIGTERM');
  const code = await last.ended;
  const violations = [
    ...differences,
    ...lossesIn((topic) => recordsOf(folder, topic), messages, instances),
    ...unanswered(plan.day, messages, instances),
  ];
  if (code !== 0) violations.push(`the last drain ended with ${code}: ${last.output()}`);
  return { violations, ends, readyMs };
}

function crashEnvironment(ending: Ending): Readonly<Record<string, string>> {
  return ending.how === 'crash point' ? { STUDYBRIDGE_CRASH_POINT: `${ending.point}:${ending.passage}` } : {};
}

/** Sends what is not acknowledged yet, up to a share; ends early when the bridge does. */
export async function sendOpen(
  day: HospitalDay,
  ports: BridgePorts,
  messages: Ledger,
  instances: Ledger,
  messagesMax: number,
  instancesMax: number,
): Promise<void> {
  const openMessages = day.messages
    .filter(({ controlId }) => !messages.isAcknowledged(controlId))
    .slice(0, messagesMax);
  const openInstances = day.instances
    .filter(({ sopInstanceUid }) => !instances.isAcknowledged(sopInstanceUid))
    .slice(0, instancesMax);
  await Promise.all([
    openMessages.length === 0 ? undefined : sendMessages(ports.hl7, openMessages, WINDOW, messages),
    ...dealt(openInstances, ASSOCIATIONS).map((hand) => storeInstances(ports.dicom, hand, instances)),
  ]);
}

/** Dealt like cards to at most so many hands, none empty. */
function dealt<T>(cards: readonly T[], hands: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.min(hands, cards.length) }, (_, hand) =>
    cards.filter((__, at) => at % hands === hand),
  );
}

async function endOf(bridge: BridgeProcess, ending: Ending, work: Promise<void>): Promise<string> {
  if (ending.how === 'crash point') {
    // A drain is entered only when asked for; the other points are passed by the work itself.
    if (ending.point === 'drain') bridge.signal('SIGTERM');
    else await Promise.race([work, bridge.ended]);
    const late = await endedWithin(bridge, UNREACHED_MS);
    const end = await bridge.ended;
    if (end !== 'SIGKILL') return `exit ${end}`;
    return late ? 'kill' : ending.point;
  }
  await Promise.race([delay(ending.afterMs), bridge.ended]);
  if (ending.how === 'kill') {
    bridge.signal('SIGKILL');
    await bridge.ended;
    return 'kill';
  }
  bridge.signal('SIGTERM');
  await endedWithin(bridge, DRAIN_LIMIT_MS);
  const code = await bridge.ended;
  return code === 0 ? 'exit 0' : `exit ${code}`;
}

/** Whether it had to be killed because it had not ended by itself. */
async function endedWithin(bridge: BridgeProcess, limitMs: number): Promise<boolean> {
  const limit = new AbortController();
  const late = await Promise.race([bridge.ended.then(() => false), delay(limitMs, limit.signal).then(() => true)]);
  limit.abort();
  if (late) bridge.signal('SIGKILL');
  await bridge.ended;
  return late;
}

function delay(durationMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, durationMs);
    signal?.addEventListener('abort', () => clearTimeout(timer));
  });
}

/** Sentences about what is not acknowledged, or was refused at some time. */
export function unanswered(
  day: HospitalDay,
  messages: Ledger,
  instances: Ledger,
  refusalsAllowed = false,
): readonly string[] {
  const open = day.messages.filter(({ controlId }) => !messages.isAcknowledged(controlId)).length;
  const openInstances = day.instances.filter(({ sopInstanceUid }) => !instances.isAcknowledged(sopInstanceUid)).length;
  const refused = messages.allRefused.size + instances.allRefused.size;
  return [
    ...(open === 0 ? [] : [`${open} messages were never acknowledged`]),
    ...(openInstances === 0 ? [] : [`${openInstances} instances were never acknowledged`]),
    ...(refused === 0 || refusalsAllowed ? [] : [`${refused} were refused`]),
  ];
}
