// A hospital's day through a bridge on Kafka while faults are put in, and everything that the invariants say of it.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { randomPrefix } from '../../kafka/broker.ts';
import type { CheckedCloud } from '../cloud-check.ts';
import { lossesIn } from '../evidence.ts';
import type { HospitalDay } from '../hospital-day.ts';
import { unanswered } from '../killed-lives.ts';
import { OBSERVED_TOPICS, outputFaults, readingFaults } from './committed-outputs.ts';
import { committedRecords, type FollowedTopic, followTopic, inspected, type KafkaPlace } from './committed-reader.ts';
import { type Deployment, type DeploymentPlan, deployed, type Role } from './deployment.ts';
import { type HospitalLoad, hospitalLoad } from './hospital-load.ts';
import { startSandboxProcess } from './sandbox-process.ts';

/** Something that is done to the bridge or the broker while the hospital sends. Resolves when it is healed. */
export interface Fault {
  readonly name: string;
  /** About so long; the load is spread over it. */
  readonly lastsMs: number;
  inject(deployment: Deployment): Promise<void>;
}

export interface DayPlan {
  readonly bootstrap: string;
  readonly day: HospitalDay;
  readonly faults: readonly Fault[];
  readonly processes?: Readonly<Record<Role, number>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly dist?: string;
  /** The log may be away for so long that senders are told no, and send again. */
  readonly refusalsAllowed?: boolean;
  readonly settleMs?: number;
}

export interface DayOutcome {
  /** Sentences about what the invariants forbid and was seen. */
  readonly violations: readonly string[];
  /** How often each fault was put in. */
  readonly injected: ReadonlyMap<string, number>;
  /** All that each process printed, by its role and number. */
  readonly output: string;
  /** Committed outputs seen beside the faults. */
  readonly observed: number;
}

const QUIET_MS = 300;
const SETTLE_MS = 90_000;
const ACKNOWLEDGED_MS = 60_000;
const CAUGHT_UP_MS = 15_000;
const ONE_EACH: Readonly<Record<Role, number>> = { connectors: 1, processors: 1, sinks: 1 };

export async function faultedDay(plan: DayPlan): Promise<DayOutcome> {
  const folder = mkdtempSync(join(tmpdir(), 'studybridge-kafka-day-'));
  const place: KafkaPlace = { bootstrap: plan.bootstrap, prefix: randomPrefix() };
  await using cloud = await startSandboxProcess(folder);
  const deployment: DeploymentPlan = {
    place,
    folder,
    env: { ...cloud.env, STUDYBRIDGE_STUDY_QUIET_MS: String(QUIET_MS), STUDYBRIDGE_LOG_LEVEL: 'info', ...plan.env },
    processes: plan.processes ?? ONE_EACH,
    ...(plan.dist === undefined ? {} : { dist: plan.dist }),
  };
  await using bridge = await deployed(deployment);
  const parts: DayParts = {
    plan,
    place,
    cloud,
    bridge,
    beside: OBSERVED_TOPICS.map((topic) => followTopic(place, topic)),
    load: hospitalLoad(plan.day, bridge.ports, folder),
  };
  try {
    return await observedDay(parts);
  } finally {
    await parts.load.stop();
    for (const follower of parts.beside) await follower.stop();
  }
}

interface DayParts {
  readonly plan: DayPlan;
  readonly place: KafkaPlace;
  readonly cloud: CheckedCloud;
  readonly bridge: Deployment;
  readonly load: HospitalLoad;
  readonly beside: readonly FollowedTopic[];
}

async function observedDay({ plan, place, cloud, bridge, load, beside }: DayParts): Promise<DayOutcome> {
  const injected = await injectAll(plan.faults, bridge, load);
  load.release(1, 0);
  const violations: string[] = [];
  if (!(await within(ACKNOWLEDGED_MS, load.acknowledged()))) violations.push('not everything was acknowledged in time');
  await load.stop();
  violations.push(...(await cloud.settled(plan.day.studies, plan.settleMs ?? SETTLE_MS)));
  for (const seat of bridge.seats.toReversed()) {
    const code = await seat.drain();
    if (code !== 0) violations.push(`the last drain of ${seat.role} ended with ${code}`);
  }
  violations.push(...unanswered(plan.day, load.messages, load.instances, plan.refusalsAllowed === true));
  violations.push(...(await losses(place, load)));
  let observed = 0;
  for (const follower of beside) {
    const standing = await committedRecords(place, follower.topic);
    await within(
      CAUGHT_UP_MS,
      until(() => follower.records.length >= standing.length),
    );
    await follower.stop();
    observed += follower.records.length;
    violations.push(...outputFaults(follower.topic, standing));
    violations.push(...follower.faults, ...readingFaults(follower.topic, follower.records, standing));
  }
  const output = bridge.seats.map((seat) => `${seat.role}:\n${seat.output()}`).join('\n');
  if (violations.length > 0 && plan.dist === undefined) {
    const path = join(tmpdir(), `studybridge-day-${place.prefix}log`);
    writeFileSync(path, `${violations.join('\n')}\n${output}`);
    console.error(`what was seen stands in ${path}`);
  }
  return { violations, injected, output, observed };
}

/** Nothing forbidden was seen, each planned fault was put in, and committed outputs were seen beside them. */
export function expectWhole(outcome: DayOutcome, planned: readonly Fault[]): void {
  expect(outcome.violations).toEqual([]);
  const counts = new Map<string, number>();
  for (const { name } of planned) counts.set(name, (counts.get(name) ?? 0) + 1);
  expect(outcome.injected).toEqual(counts);
  expect(outcome.observed).toBeGreaterThan(0);
}

async function injectAll(
  faults: readonly Fault[],
  bridge: Deployment,
  load: HospitalLoad,
): Promise<ReadonlyMap<string, number>> {
  const injected = new Map<string, number>();
  const wholeMs = faults.reduce((sum, { lastsMs }) => sum + lastsMs, 0);
  for (const fault of faults) {
    load.release((0.9 * fault.lastsMs) / wholeMs, fault.lastsMs);
    await fault.inject(bridge);
    injected.set(fault.name, (injected.get(fault.name) ?? 0) + 1);
  }
  return injected;
}

/** Invariants 1 and 3, read by kcat. */
async function losses(place: KafkaPlace, { messages, instances }: HospitalLoad): Promise<readonly string[]> {
  const topics = ['hl7.messages', 'dicom.instances', 'studies'] as const;
  const records = new Map<string, ReturnType<typeof inspected>>();
  for (const topic of topics) records.set(topic, inspected(topic, await committedRecords(place, topic)));
  return lossesIn((topic) => records.get(topic) ?? [], messages, instances);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 50));
}

async function within(limitMs: number, work: Promise<void>): Promise<boolean> {
  const limit = new AbortController();
  const late = new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), limitMs);
    limit.signal.addEventListener('abort', () => clearTimeout(timer));
  });
  const inTime = await Promise.race([work.then(() => true), late]);
  limit.abort();
  return inTime;
}
