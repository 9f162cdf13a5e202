// `run`: starts the bridge, says what listens where, and drains it when asked to.

import { isLoopbackHost } from '../config/address-range.ts';
import type { Configuration } from '../config/configuration.ts';
import { systemClock } from '../contracts/clock.ts';
import type { Telemetry } from '../contracts/telemetry.ts';
import { processTelemetry } from '../telemetry/process-telemetry.ts';
import type { Bridge, BridgeAddresses } from '../wiring/bridge.ts';
import { type BridgeRole, does, inRole, type PartRole } from '../wiring/role.ts';
import { codeOf, ServiceFailure } from '../wiring/service-stack.ts';
import { createBridge } from '../wiring.ts';
import { type ConfigOptions, configurationOf } from './check-config-command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { kafkaNeeded } from './kafka-needed.ts';
import { packageVersion } from './package-version.ts';
import { endOnProgramFaults } from './program-faults.ts';
import { aborted, shutdownSignals } from './shutdown-signals.ts';
import { bold, type Terminal, table } from './terminal.ts';

export async function runBridge(
  terminal: Terminal,
  part: PartRole | undefined,
  options: ConfigOptions,
): Promise<ExitCode> {
  const role: BridgeRole = part ?? 'all';
  const configuration = configurationFor(role, options);
  const telemetry = processTelemetry(configuration.logLevel, {
    pretty: terminal.people,
    colour: terminal.people && terminal.colour,
    write: (line) => process.stderr.write(line),
  });
  endOnProgramFaults(telemetry);
  using shutdown = shutdownSignals(telemetry, systemClock);
  const version = packageVersion();
  recordStart(telemetry, configuration, { version, role });
  const { metrics } = telemetry;
  const bridge = createBridge({ configuration, role, telemetry, metrics, clock: systemClock, version });
  const startedAtMs = systemClock.monotonicMs();
  try {
    await Promise.race([bridge.start(shutdown.signal), tooLate(shutdown.signal)]);
    telemetry.record('process.ready', { tookMs: Math.round(systemClock.monotonicMs() - startedAtMs) });
    announce(terminal, bridge.listening(), options.json === true);
    return await runUntilDrained(bridge, shutdown.signal, telemetry);
  } catch (error) {
    const stopped = shutdown.signal.aborted;
    await drainAll(bridge, telemetry);
    if (stopped) return EXIT.done;
    throw error;
  }
}

/** Rejects when a start that was asked to stop has not settled: a file system may never answer. */
async function tooLate(stop: AbortSignal): Promise<never> {
  await aborted(stop);
  await systemClock.sleep(START_STOP_MS, new AbortController().signal);
  throw stop.reason;
}

const START_STOP_MS = 2_000;

async function runUntilDrained(bridge: Bridge, stop: AbortSignal, telemetry: Telemetry): Promise<ExitCode> {
  try {
    await Promise.race([bridge.failed, aborted(stop)]);
  } catch (error) {
    const service = error instanceof ServiceFailure ? error.service : 'unknown';
    telemetry.record('process.service_failed', { service, code: codeOf(error) });
    // What is durable is safe: a part that failed is not asked to finish what it may not be able to.
    return EXIT.runtime;
  }
  await drainAll(bridge, telemetry);
  return EXIT.done;
}

async function drainAll(bridge: Bridge, telemetry: Telemetry): Promise<void> {
  const begunAtMs = systemClock.monotonicMs();
  await bridge.drain();
  telemetry.record('process.drained', { tookMs: Math.round(systemClock.monotonicMs() - begunAtMs) });
}

/** Parts of a bridge meet in topics that several processes share: those are Kafka's. */
function configurationFor(role: BridgeRole, options: ConfigOptions): Configuration {
  const { configuration } = configurationOf(options);
  if (role !== 'all') {
    kafkaNeeded(configuration, `\`run ${role}\` shares the log with other processes; \`run\` alone needs none`);
  }
  return inRole(configuration, role);
}

function recordStart(
  telemetry: Telemetry,
  configuration: Configuration,
  { version, role }: { readonly version: string; readonly role: BridgeRole },
): void {
  telemetry.record('process.started', {
    version,
    role,
    log: configuration.kafka === undefined ? 'embedded' : 'kafka',
    node: process.version,
    pid: process.pid,
    sites: configuration.sites.length,
    cloud: configuration.sandbox ? 'sandbox' : 'configured',
  });
  if (does(role, 'connectors') && !isLoopbackHost(configuration.host)) {
    const sources = configuration.sites.flatMap((site) => [...site.hl7Sources, ...site.dicomSources]);
    const allowedRanges = sources.reduce((sum, source) => sum + (source.addresses?.length ?? 0), 0);
    telemetry.record('process.open_to_network', { host: configuration.host, allowedRanges });
  }
  for (const to of toldInClear(configuration)) telemetry.record('process.password_in_clear', { to });
  if (does(role, 'sinks') && configuration.sandbox) {
    telemetry.record('process.sandbox', { studyQuietMs: configuration.sites[0]?.studyQuietMs ?? 0 });
  }
}

/** Who is sent a password that anyone on the way can read. */
function toldInClear({ kafka, schemaRegistry }: Configuration): readonly string[] {
  const connection = kafka?.connection;
  const brokers = connection?.sasl?.mechanism === 'plain' && connection.tls === undefined ? connection.brokers : [];
  const registry = schemaRegistry?.password !== undefined ? new URL(schemaRegistry.url) : undefined;
  return [
    ...(brokers.every((broker) => isLoopbackHost(broker.replace(/:\d+$/, ''))) ? [] : ['kafka']),
    ...(registry?.protocol !== 'http:' || isLoopbackHost(registry.hostname) ? [] : ['schema registry']),
  ];
}

function announce(terminal: Terminal, addresses: BridgeAddresses, json: boolean): void {
  if (json) {
    terminal.print(JSON.stringify(addresses));
    return;
  }
  const { role, hl7, dicom, http, kafka } = addresses;
  const quietMs = addresses.cloud[0]?.studyQuietMs ?? 0;
  const rows = [
    ...(hl7 === null ? [] : [['MLLP', `mllp://${hl7.host}:${hl7.port}`]]),
    ...(dicom === null
      ? []
      : [['DICOM', `${dicom.aeTitle}@${dicom.host}:${dicom.port}  a tap: it reads headers and archives nothing`]]),
    ['HTTP', `http://${http.host}:${http.port}  /healthz /readyz /metrics${hl7 === null ? '' : ' /v1/store-events'}`],
    ...(kafka === null ? [] : [['Kafka', `${kafka.brokers.join(', ')}  ${prefixText(kafka.topicPrefix)}`]]),
    ['Data', addresses.dataDirectory],
    ...addresses.cloud.map(({ site, url }) => [
      'Cloud',
      addresses.sandbox
        ? `${url}  the sandbox: no cloud is configured; quiet time ${quietMs / 1000} s`
        : `${url}  site ${site}`,
    ]),
  ];
  terminal.print(bold(terminal, `studybridge${role === 'all' ? '' : ` ${role}`} is ready`));
  for (const line of table(rows)) terminal.print(`  ${line}`);
  const playable = addresses.sandbox && role === 'all';
  terminal.print(`Try next, in another terminal: ${playable ? 'npm run send' : 'npx studybridge status'}`);
}

function prefixText(topicPrefix: string): string {
  return topicPrefix === '' ? 'topics without a prefix' : `topics ${topicPrefix}*`;
}
