// `status`: what the bridge does, from the running one or from its directory.
import type { SiteStatus, StatusReport } from '../wiring/status-report.ts';
import { type ConfigOptions, configurationOf } from './check-config-command.ts';
import { CommandFailure, EXIT, type ExitCode } from './exit-code.ts';
import { answers } from './inspect-command.ts';
import { bold, type Terminal, table } from './terminal.ts';

export async function showStatus(terminal: Terminal, options: ConfigOptions): Promise<ExitCode> {
  const { configuration } = configurationOf(options);
  for await (const item of answers(configuration, { command: 'status' }, new AbortController().signal)) {
    if (options.json === true) {
      terminal.print(JSON.stringify(item));
      return EXIT.done;
    }
    if (!isReport(item)) break;
    for (const line of reportLines(terminal, item)) terminal.print(line);
    return EXIT.done;
  }
  throw new CommandFailure('the bridge did not say its status');
}

/** Both sides are one program: what has the members is the report. */
function isReport(item: unknown): item is StatusReport {
  return typeof item === 'object' && item !== null && 'running' in item && 'sites' in item && 'tasks' in item;
}

function reportLines(terminal: Terminal, report: StatusReport): string[] {
  const { bridge, log } = report;
  const lines = [bold(terminal, bridge === null ? 'not running' : `running, process ${bridge.pid}`)];
  const rows: string[][] = [['data', report.dataDirectory]];
  if (bridge !== null) {
    const { hl7, dicom, http, cloud, sandbox } = bridge.addresses;
    rows.push(['since', new Date(bridge.startedAtMs).toISOString()]);
    rows.push(['MLLP', `mllp://${hl7.host}:${hl7.port}`]);
    rows.push(['DICOM', `${dicom.aeTitle}@${dicom.host}:${dicom.port}`]);
    rows.push(['HTTP', `http://${http.host}:${http.port}`]);
    for (const { site, url } of cloud) rows.push(['cloud', `${url} (${sandbox ? 'the sandbox' : `site ${site}`})`]);
    const notReady = Object.entries(bridge.parts).filter(([, state]) => state !== 'ready');
    rows.push([
      'ready',
      notReady.length === 0 ? 'yes' : notReady.map(([name, state]) => `${name}: ${state}`).join(', '),
    ]);
  }
  rows.push(['log', log.writable ? 'writable' : log.code]);
  for (const { task, topic, lag } of report.tasks) rows.push([`lag`, `${task} of ${topic}: ${lag}`]);
  lines.push(...table(rows).map((line) => `  ${line}`));
  for (const site of report.sites) lines.push(...siteLines(terminal, site));
  return lines;
}

function siteLines(terminal: Terminal, site: SiteStatus): string[] {
  const counts = Object.entries(site.studies).map(([state, count]) => `${count} ${state.replaceAll('_', ' ')}`);
  const lines = [bold(terminal, `site ${site.site}`), `  studies: ${counts.length === 0 ? 'none' : counts.join(', ')}`];
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
