// `sandbox`: the cloud stand-in alone.
import { resolve } from 'node:path';
import { sandboxToken } from '../../simulator/cloud/sandbox-account.ts';
import { createSandboxCloud, SANDBOX_DELETE_PATH, SANDBOX_REPORT_PATH } from '../../simulator/cloud/sandbox-cloud.ts';
import { systemClock } from '../contracts/clock.ts';
import { processTelemetry } from '../telemetry/process-telemetry.ts';
import { listenFault } from '../wiring/listen-fault.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { endOnProgramFaults } from './program-faults.ts';
import { aborted, shutdownSignals } from './shutdown-signals.ts';
import { bold, type Terminal, table } from './terminal.ts';

export interface SandboxOptions {
  readonly host: string;
  readonly port: number;
  readonly appId: string;
  readonly folder?: string;
  readonly json?: boolean;
}

const DRAIN_MS = 5_000;
const DEFAULT_FOLDER = './studybridge-sandbox';

export async function runSandbox(terminal: Terminal, options: SandboxOptions): Promise<ExitCode> {
  const telemetry = processTelemetry('warn', {
    pretty: terminal.people,
    colour: terminal.people && terminal.colour,
    write: (line) => process.stderr.write(line),
  });
  endOnProgramFaults(telemetry);
  using shutdown = shutdownSignals(telemetry, systemClock);
  const { host, port, appId } = options;
  const given = process.env['STUDYBRIDGE_CLOUD_TOKEN'];
  const kept = given === undefined || given === '' ? DEFAULT_FOLDER : undefined;
  const folder = options.folder ?? kept;
  const token = given === undefined || given === '' ? await sandboxToken(resolve(folder ?? DEFAULT_FOLDER)) : given;
  const cloud = createSandboxCloud({
    host,
    port,
    accounts: new Map([[appId, token]]),
    ...(folder === undefined ? {} : { folder: resolve(folder) }),
    reportPath: SANDBOX_REPORT_PATH,
    deletePath: SANDBOX_DELETE_PATH,
  });
  try {
    await cloud.start(shutdown.signal);
  } catch (error) {
    throw listenFault(error, 'sandbox', host, port) ?? error;
  }
  announce(terminal, { url: cloud.url, appId, folder: folder === undefined ? undefined : resolve(folder) }, options);
  await Promise.race([aborted(shutdown.signal), cloud.ended]);
  await cloud.drain(AbortSignal.timeout(DRAIN_MS));
  return EXIT.done;
}

interface SandboxPlace {
  readonly url: string;
  readonly appId: string;
  readonly folder: string | undefined;
}

function announce(terminal: Terminal, { url, appId, folder }: SandboxPlace, options: SandboxOptions): void {
  const variables = {
    STUDYBRIDGE_CLOUD_URL: url,
    STUDYBRIDGE_CLOUD_APP_ID: appId,
    ...(folder === undefined ? {} : { STUDYBRIDGE_CLOUD_TOKEN_FILE: `${folder}/token` }),
    STUDYBRIDGE_CLOUD_REPORT_PATH: SANDBOX_REPORT_PATH,
    STUDYBRIDGE_CLOUD_DELETE_PATH: SANDBOX_DELETE_PATH,
  };
  if (options.json === true) {
    terminal.print(JSON.stringify({ url, folder: folder ?? null, variables }));
    return;
  }
  terminal.print(bold(terminal, 'the sandbox cloud is ready'));
  const rows = [
    ['Calls', url],
    ['State', folder ?? 'in memory: it ends with the process'],
    ['Read it', `${url}/sandbox/summary`],
  ];
  for (const line of table(rows)) terminal.print(`  ${line}`);
  terminal.print('Point a bridge at it:');
  for (const [name, value] of Object.entries(variables)) terminal.print(`  export ${name}=${value}`);
}
