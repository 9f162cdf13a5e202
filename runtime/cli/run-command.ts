// `run`: starts the bridge, says what listens where, and drains it when asked to.

import { isLoopbackHost } from '../config/address-range.ts';
import type { Configuration } from '../config/configuration.ts';
import { systemClock } from '../contracts/clock.ts';
import type { Telemetry } from '../contracts/telemetry.ts';
import { processTelemetry } from '../telemetry/process-telemetry.ts';
import type { Bridge, BridgeAddresses } from '../wiring/bridge.ts';
import { codeOf, ServiceFailure } from '../wiring/service-stack.ts';
import { createBridge } from '../wiring.ts';
import { type ConfigOptions, configurationOf } from './check-config-command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { packageVersion } from './package-version.ts';
import { endOnProgramFaults } from './program-faults.ts';
import { aborted, shutdownSignals } from './shutdown-signals.ts';
import { bold, type Terminal, table } from './terminal.ts';

export async function runBridge(terminal: Terminal, options: ConfigOptions): Promise<ExitCode> {
  const { configuration } = configurationOf(options);
  const telemetry = processTelemetry(configuration.logLevel, {
    pretty: terminal.people,
    colour: terminal.people && terminal.colour,
    write: (line) => process.stderr.write(line),
  });
  endOnProgramFaults(telemetry);
  using shutdown = shutdownSignals(telemetry, systemClock);
  const version = packageVersion();
  recordStart(telemetry, configuration, version);
  const bridge = createBridge({ configuration, telemetry, metrics: telemetry.metrics, clock: systemClock, version });
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

function recordStart(telemetry: Telemetry, configuration: Configuration, version: string): void {
  telemetry.record('process.started', {
    version,
    node: process.version,
    pid: process.pid,
    sites: configuration.sites.length,
    cloud: configuration.sandbox ? 'sandbox' : 'configured',
  });
  if (!isLoopbackHost(configuration.host)) {
    const sources = configuration.sites.flatMap((site) => [...site.hl7Sources, ...site.dicomSources]);
    const allowedRanges = sources.reduce((sum, source) => sum + (source.addresses?.length ?? 0), 0);
    telemetry.record('process.open_to_network', { host: configuration.host, allowedRanges });
  }
  if (configuration.sandbox) {
    telemetry.record('process.sandbox', { studyQuietMs: configuration.sites[0]?.studyQuietMs ?? 0 });
  }
}

function announce(terminal: Terminal, addresses: BridgeAddresses, json: boolean): void {
  if (json) {
    terminal.print(JSON.stringify(addresses));
    return;
  }
  const { hl7, dicom, http } = addresses;
  const quietMs = addresses.cloud[0]?.studyQuietMs ?? 0;
  const rows = [
    ['MLLP', `mllp://${hl7.host}:${hl7.port}`],
    ['DICOM', `${dicom.aeTitle}@${dicom.host}:${dicom.port}  a tap: it reads headers and archives nothing`],
    ['HTTP', `http://${http.host}:${http.port}  /healthz /readyz /metrics /v1/store-events`],
    ['Data', addresses.dataDirectory],
    ...addresses.cloud.map(({ site, url }) => [
      'Cloud',
      addresses.sandbox
        ? `${url}  the sandbox: no cloud is configured; quiet time ${quietMs / 1000} s`
        : `${url}  site ${site}`,
    ]),
  ];
  terminal.print(bold(terminal, 'studybridge is ready'));
  for (const line of table(rows)) terminal.print(`  ${line}`);
  terminal.print(`Try next, in another terminal: ${addresses.sandbox ? 'npm run send' : 'npx studybridge status'}`);
}
