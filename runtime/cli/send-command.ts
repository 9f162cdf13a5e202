// `send`: a small hospital plays against the running bridge, and what the sandbox cloud ends with is compared.
import { type HospitalOptions, type HospitalOutcome, playHospital } from '../../simulator/hospital/play-hospital.ts';
import type { Configuration } from '../config/configuration.ts';
import { ControlError } from '../control/control-client.ts';
import type { BridgeAddresses } from '../wiring/bridge.ts';
import { type ConfigOptions, configurationOf } from './check-config-command.ts';
import { CommandFailure, EXIT, type ExitCode } from './exit-code.ts';
import { askEach } from './running-bridges.ts';
import type { Terminal } from './terminal.ts';

export interface SendOptions extends ConfigOptions {
  readonly studies: number;
  readonly seed: number;
  readonly rate: number;
  readonly sandbox?: string;
}

/** A quiet time and a few attempts, whatever the quiet time is. */
const WAIT_BEYOND_QUIET_MS = 60_000;
const SETTLE_BEYOND_QUIET_MS = 1_000;

export async function send(terminal: Terminal, options: SendOptions): Promise<ExitCode> {
  const { configuration } = configurationOf(options);
  const { hl7, dicom, http, cloud: clouds } = await sendTargets(configuration, options.sandbox);
  const [cloud] = clouds;
  const sandboxUrl = options.sandbox ?? cloud?.url;
  if (sandboxUrl === undefined || !(await isSandbox(sandboxUrl))) {
    throw new CommandFailure(
      'send needs a bridge whose cloud is the sandbox: invented patients do not go to a real one',
    );
  }
  const studyQuietMs = cloud?.studyQuietMs ?? configuration.sites[0]?.studyQuietMs ?? 0;
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const outcome = await played({
    hl7: { host: reachable(hl7.host), port: hl7.port },
    dicom: { host: reachable(dicom.host), port: dicom.port, calledAeTitle: dicom.aeTitle },
    bridgeUrl: `http://${reachable(http.host)}:${http.port}`,
    sandboxUrl,
    studies: options.studies,
    seed: options.seed,
    rate: options.rate,
    waitMs: studyQuietMs + WAIT_BEYOND_QUIET_MS,
    settleMs: studyQuietMs + SETTLE_BEYOND_QUIET_MS,
    output: options.json === true ? terminal.error : terminal.print,
    signal: stop.signal,
    terminal: options.json !== true && process.stdout.isTTY === true,
  });
  if (options.json === true) terminal.print(JSON.stringify(outcome));
  return outcome.equal ? EXIT.done : EXIT.runtime;
}

/** What the play says of itself holds invented patients only, so that its own words may be shown. */
async function played(options: HospitalOptions): Promise<HospitalOutcome> {
  try {
    return await playHospital(options);
  } catch (error) {
    if (options.signal.aborted) throw new CommandFailure('send was stopped before it could compare');
    throw new CommandFailure(error instanceof Error ? error.message : 'the hospital could not be played');
  }
}

/** The doors of a bridge, and the cloud behind it. */
type SendTargets = Pick<BridgeAddresses, 'http' | 'cloud'> & {
  readonly hl7: NonNullable<BridgeAddresses['hl7']>;
  readonly dicom: NonNullable<BridgeAddresses['dicom']>;
};

/** From what runs here; a bridge in a container, which has no control socket here, is found by the configured ports. */
async function sendTargets(configuration: Configuration, sandbox: string | undefined): Promise<SendTargets> {
  const asked = await askEach(configuration, undefined, { command: 'ports' }, AbortSignal.timeout(10_000));
  const running = asked.filter(isAddresses);
  const cloud = running.flatMap((addresses) => addresses.cloud);
  for (const { hl7, dicom, http } of running) if (hl7 !== null && dicom !== null) return { hl7, dicom, http, cloud };
  if (sandbox === undefined) throw new ControlError('process.not_running');
  const { host, hl7, dicom, http } = configuration;
  return {
    hl7: { host, port: hl7.port },
    dicom: { host, port: dicom.port, aeTitle: dicom.aeTitle },
    http: { host, port: http.port },
    cloud,
  };
}

/** Both sides are one program: what has the members is the answer. */
function isAddresses(item: unknown): item is BridgeAddresses {
  return typeof item === 'object' && item !== null && 'hl7' in item && 'dicom' in item && 'cloud' in item;
}

/** A bridge that listens on every address is reached on this machine's own. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

async function isSandbox(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/sandbox/summary`, { redirect: 'error', signal: AbortSignal.timeout(5_000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    // Nobody answers there, or not as a sandbox does.
    return false;
  }
}
