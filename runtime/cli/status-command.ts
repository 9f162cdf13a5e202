// `status`: what the bridge does, from what runs here or from the log itself.
import type { Configuration } from '../config/configuration.ts';
import type { PartRole } from '../wiring/role.ts';
import type { SiteStatus, StatusReport, TaskLag } from '../wiring/status-report.ts';
import { type ConfigOptions, configurationOf } from './check-config-command.ts';
import { CommandFailure, EXIT, type ExitCode } from './exit-code.ts';
import { answers, askEach } from './running-bridges.ts';
import { bold, type Terminal, table } from './terminal.ts';

export interface StatusOptions extends ConfigOptions {
  readonly role?: PartRole;
}

/** What all bridges of a configuration say together. */
export interface MachineStatus extends StatusReport {
  /** Every process that answered here: on Kafka there may be one a role. */
  readonly bridges: readonly NonNullable<StatusReport['bridge']>[];
}

export async function showStatus(terminal: Terminal, options: StatusOptions): Promise<ExitCode> {
  const { configuration } = configurationOf(options);
  const reports = await reportsOf(configuration, options.role);
  const [first] = reports;
  if (first === undefined) throw new CommandFailure('the bridge did not say its status');
  const status = together(first, reports);
  if (options.json === true) terminal.print(JSON.stringify(status));
  else for (const line of statusLines(terminal, status)) terminal.print(line);
  return EXIT.done;
}

async function reportsOf(configuration: Configuration, role: PartRole | undefined): Promise<StatusReport[]> {
  const running = await askEach(configuration, role, { command: 'status' }, AbortSignal.timeout(ASK_MS));
  const reports = running.filter(isReport);
  if (reports.length > 0) return reports;
  for await (const item of answers(configuration, role, { command: 'status' }, new AbortController().signal)) {
    if (isReport(item)) return [item];
  }
  return [];
}

const ASK_MS = 30_000;

/** Each process knows the sites of the partitions it holds; where the topics end, all say alike. */
function together(first: StatusReport, reports: readonly StatusReport[]): MachineStatus {
  const sites = first.sites.map(({ site }): SiteStatus => {
    const parts = reports.flatMap((report) => report.sites.filter((known) => known.site === site));
    const byHand = parts.flatMap(({ withdrawByHand }) => withdrawByHand);
    return {
      site,
      studies: Object.assign({}, ...parts.map(({ studies }) => studies)),
      waiting: parts.flatMap(({ waiting }) => waiting),
      queue: parts.find(({ queue }) => queue !== null)?.queue ?? null,
      parked: parts.flatMap(({ parked }) => parked),
      withdrawByHand: [...new Map(byHand.map((each) => [`${each.cloudStudyId}/${each.reportId}`, each])).values()],
    };
  });
  return { ...first, sites, bridges: reports.flatMap(({ bridge }) => (bridge === null ? [] : [bridge])) };
}

/** Both sides are one program: what has the members is the report. */
function isReport(item: unknown): item is StatusReport {
  return typeof item === 'object' && item !== null && 'running' in item && 'sites' in item && 'tasks' in item;
}

function statusLines(terminal: Terminal, status: MachineStatus): string[] {
  const { bridges, kafka, log } = status;
  const lines = bridges.flatMap((bridge) => bridgeLines(terminal, bridge));
  if (bridges.length === 0) lines.push(bold(terminal, kafka === null ? 'not running' : 'not running here'));
  const rows: string[][] = [];
  if (kafka === null) rows.push(['data', status.dataDirectory]);
  else {
    const { brokers, topicPrefix, partitions } = kafka;
    rows.push(['Kafka', brokers.join(', ')]);
    rows.push(['topics', `${topicPrefix === '' ? 'without a prefix' : `${topicPrefix}*`}, ${partitions} partitions`]);
  }
  rows.push(['log', log.writable ? 'writable' : log.code]);
  rows.push(...(status.described ? lagRows(status) : [['lag', 'not known: the brokers do not answer']]));
  lines.push(...table(rows).map((line) => `  ${line}`));
  const knowsStudies =
    kafka === null || bridges.some(({ addresses: { role } }) => role === 'all' || role === 'processors');
  for (const site of status.sites) lines.push(...siteLines(terminal, site, knowsStudies));
  return lines;
}

function bridgeLines(terminal: Terminal, bridge: NonNullable<StatusReport['bridge']>): string[] {
  const { role, hl7, dicom, http, cloud, sandbox, dataDirectory, kafka } = bridge.addresses;
  const notReady = Object.entries(bridge.parts).filter(([, state]) => state !== 'ready');
  const rows = [
    ['since', new Date(bridge.startedAtMs).toISOString()],
    ...(kafka === null ? [] : [['data', dataDirectory]]),
    ...(hl7 === null ? [] : [['MLLP', `mllp://${hl7.host}:${hl7.port}`]]),
    ...(dicom === null ? [] : [['DICOM', `${dicom.aeTitle}@${dicom.host}:${dicom.port}`]]),
    ['HTTP', `http://${http.host}:${http.port}`],
    ...cloud.map(({ site, url }) => ['cloud', `${url} (${sandbox ? 'the sandbox' : `site ${site}`})`]),
    ['ready', notReady.length === 0 ? 'yes' : notReady.map(([name, state]) => `${name}: ${state}`).join(', ')],
  ];
  const title = `${role === 'all' ? '' : `${role} `}running, process ${bridge.pid}`;
  return [bold(terminal, title), ...table(rows).map((line) => `  ${line}`)];
}

/** A row a task and topic; what lags is told by partition where there are several. */
function lagRows({ kafka, tasks }: StatusReport): string[][] {
  const byInput = new Map<string, TaskLag[]>();
  for (const lag of tasks) {
    const input = `${lag.task} of ${lag.topic}`;
    byInput.set(input, [...(byInput.get(input) ?? []), lag]);
  }
  return [...byInput].map(([input, lags]) => {
    const total = lags.reduce((sum, { lag }) => sum + BigInt(lag), 0n);
    const behind = lags.filter(({ lag }) => lag !== '0').map(({ partition, lag }) => `${partition}: ${lag}`);
    return [
      'lag',
      `${input}: ${total}${kafka === null || behind.length === 0 ? '' : ` (partition ${behind.join(', ')})`}`,
    ];
  });
}

function siteLines(terminal: Terminal, site: SiteStatus, knowsStudies: boolean): string[] {
  const counts = Object.entries(site.studies).map(([state, count]) => `${count} ${state.replaceAll('_', ' ')}`);
  const none = knowsStudies ? 'none' : 'ask where the processors run';
  const lines = [bold(terminal, `site ${site.site}`), `  studies: ${counts.length === 0 ? none : counts.join(', ')}`];
  const { queue } = site;
  if (queue !== null) {
    lines.push(`  cloud queue: ${queue.waiting} waiting, ${queue.retrying} of them retrying`);
    if (queue.breaker !== null) lines.push(`  the cloud refuses the credentials: ${queue.breaker.failureCode}`);
  }
  lines.push(
    ...section(
      'waiting',
      site.waiting.map(({ studyKey, state, missing }) => [
        studyKey,
        state.replaceAll('_', ' '),
        missing.length === 0 ? '' : `missing ${missing.join(', ')}`,
      ]),
    ),
    ...section(
      'parked',
      site.parked.map(({ studyKey, cloudStudyId, failureCode }) => [studyKey, cloudStudyId, failureCode]),
    ),
    ...section(
      'withdraw by hand',
      site.withdrawByHand.map(({ studyKey, cloudStudyId, reportId }) => [
        studyKey,
        cloudStudyId,
        reportId === null ? 'the study' : `report ${reportId}`,
      ]),
    ),
  );
  return lines;
}

function section(title: string, rows: string[][]): string[] {
  return rows.length === 0 ? [] : [`  ${title}:`, ...table(rows).map((line) => `    ${line}`)];
}
