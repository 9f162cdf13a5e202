// What the bridge does, for `status`: ports, lag, waiting studies, the cloud's queue, what a person must do.
import {
  withdrawalsByHand as assemblyWithdrawals,
  type ListedStudy,
  studyCounts,
  type WaitingState,
  waitingStudies,
} from '../../processors/assembly/assembly-view.ts';
import {
  type CloudSiteView,
  cloudSiteView,
  type ParkedView,
  parkedStudies,
  withdrawalsByHand as sinkWithdrawals,
} from '../../sinks/cloud/cloud-view.ts';
import type { Configuration } from '../config/configuration.ts';
import type { LogDescription, LogHealth, RecordLog } from '../contracts/record-log.ts';
import type { BridgeAddresses, KafkaPlace } from './bridge.ts';
import type { AnswerSources } from './control-answers.ts';
import type { BridgeTasks } from './tasks.ts';

export interface RunningBridge {
  readonly version: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly parts: ReadonlyMap<string, string>;
  readonly addresses: BridgeAddresses;
}

export interface StatusReport {
  readonly running: boolean;
  readonly bridge: (Omit<RunningBridge, 'parts'> & { readonly parts: Readonly<Record<string, string>> }) | null;
  readonly dataDirectory: string;
  /** null: the embedded log. */
  readonly kafka: KafkaPlace | null;
  readonly log: LogHealth;
  /** False: the brokers did not answer in time, and how far topics and tasks are is not known. */
  readonly described: boolean;
  readonly topics: readonly { readonly topic: string; readonly partition: number; readonly records: string }[];
  readonly tasks: readonly TaskLag[];
  readonly sites: readonly SiteStatus[];
}

export interface TaskLag {
  readonly task: string;
  readonly partition: number;
  readonly topic: string;
  readonly lag: string;
}

export interface SiteStatus {
  readonly site: string;
  /** How many studies are in each state. */
  readonly studies: Readonly<Record<string, number>>;
  /** Those that lack something, the first of each state. */
  readonly waiting: readonly ListedStudy[];
  readonly queue: CloudSiteView | null;
  readonly parked: readonly ParkedView[];
  readonly withdrawByHand: readonly WithdrawByHand[];
}

export interface WithdrawByHand {
  readonly studyKey: string;
  readonly cloudStudyId: string;
  /** null: the whole study. */
  readonly reportId: string | null;
}

/** Of each list; `inspect studies` shows the rest. */
const LISTED_MAX = 100;

export async function statusReport(sources: AnswerSources, signal: AbortSignal): Promise<StatusReport> {
  const described = await describedInTime(sources, signal);
  const description = described ?? { topics: [], tasks: [] };
  const running = sources.running();
  return {
    running: running !== undefined,
    bridge: running === undefined ? null : { ...running, parts: Object.fromEntries(running.parts) },
    dataDirectory: sources.configuration.dataDirectory,
    kafka: kafkaPlace(sources.configuration),
    log: sources.log.health(),
    described: described !== undefined,
    topics: description.topics.map(({ topic, partition, first, end }) => ({
      topic,
      partition,
      records: String(end - first),
    })),
    tasks: lags(description),
    sites: sources.configuration.sites.map(({ site }) => siteStatus(sources, site)),
  };
}

/** An operator asks for the status above all when the brokers do not answer. */
async function describedInTime(
  { log, clock }: AnswerSources,
  signal: AbortSignal,
): Promise<LogDescription | undefined> {
  const done = new AbortController();
  const late = clock.sleep(DESCRIBE_MS, AbortSignal.any([signal, done.signal])).then(
    () => undefined,
    // Described, or nobody waits any more.
    () => undefined,
  );
  try {
    // What is too late is not known, whatever came of it.
    const description = log.describe(signal).catch(() => undefined);
    return await Promise.race([description, late]);
  } finally {
    done.abort();
  }
}

const DESCRIBE_MS = 8_000;

function lags({ tasks }: LogDescription): StatusReport['tasks'] {
  return tasks.flatMap(({ task, partition, inputs }) =>
    inputs.map(({ topic, position, end }) => ({ task, partition, topic, lag: String(end - position) })),
  );
}

export function kafkaPlace({ kafka }: Configuration): KafkaPlace | null {
  if (kafka === undefined) return null;
  const { topicPrefix, partitions } = kafka.layout;
  return { brokers: kafka.connection.brokers, topicPrefix, partitions };
}

/** A site is in one partition of each task; the views of the others know nothing of it. */
function siteStatus({ log, tasks }: AnswerSources, site: string): SiteStatus {
  if (tasks === undefined) return { site, studies: {}, waiting: [], queue: null, parked: [], withdrawByHand: [] };
  const assembly = log.view(tasks.assembly);
  const sink = log.view(tasks.sink);
  const queues = sink.map((view) => cloudSiteView(view, site));
  return {
    site,
    studies: Object.fromEntries(assembly.flatMap((view) => Object.entries(studyCounts(view).get(site) ?? {}))),
    waiting: assembly.flatMap((view) =>
      WAITING_STATES.flatMap((state) => waitingStudies(view, site, state, LISTED_MAX)),
    ),
    queue: queues.find(({ waiting, breaker }) => waiting > 0 || breaker !== null) ?? queues[0] ?? null,
    parked: sink.flatMap((view) => parkedStudies(view, site, LISTED_MAX)),
    withdrawByHand: withdrawalsOf(log, tasks, site),
  };
}

/**
 * The assembly knows what is wrong at the cloud now; the sink knows what was asked of it without a deletion call. Most
 * stand in both.
 */
function withdrawalsOf(log: RecordLog, tasks: BridgeTasks, site: string): readonly WithdrawByHand[] {
  const listed = [
    ...log.view(tasks.assembly).flatMap((view) => assemblyWithdrawals(view, site, LISTED_MAX)),
    ...log.view(tasks.sink).flatMap((view) => sinkWithdrawals(view, site, LISTED_MAX)),
  ];
  const distinct = new Map<string, WithdrawByHand>();
  for (const { studyKey, cloudStudyId, reportId } of listed) {
    distinct.set(JSON.stringify([cloudStudyId, reportId]), { studyKey, cloudStudyId, reportId });
  }
  return [...distinct.values()];
}

const WAITING_STATES = [
  'waiting_for_fields',
  'waiting_for_accession',
  'waiting_for_images',
  'waiting_for_quiet',
] as const satisfies readonly WaitingState[];
