/**
 * Puts the parts together.
 *
 *   role:   connectors                        processors              sinks
 *
 *   MLLP ──────────► hl7.messages ───────────────────┐
 *   C-STORE,                                         ▼
 *   store events ──► dicom.instances ─► tally ─► assembly ─► cloud sink ─► cloud, or the sandbox
 *
 * On the embedded log one process does all of it; on Kafka it may, or each role runs by itself. Started from the
 * cloud's side to the senders', so that whatever is accepted has its way on; drained from the senders' side, so that
 * what was accepted is finished first.
 */
import type { Configuration } from './config/configuration.ts';
import type { Clock } from './contracts/clock.ts';
import { crashPoint } from './contracts/crash-point.ts';
import type { RecordLog } from './contracts/record-log.ts';
import type { Service } from './contracts/service.ts';
import type { Telemetry } from './contracts/telemetry.ts';
import { createControlServer } from './control/control-server.ts';
import type { Bridge, BridgeAddresses } from './wiring/bridge.ts';
import { type CloudEnd, createCloudEnd } from './wiring/cloud-end.ts';
import { controlAnswers } from './wiring/control-answers.ts';
import { directoryHold } from './wiring/directory-hold.ts';
import { openLog, type RecordFormat, recordFormat } from './wiring/log-opening.ts';
import { connectorPorts, healthPort, type Ports } from './wiring/ports.ts';
import { readinessOf } from './wiring/readiness.ts';
import { type BridgeRole, does } from './wiring/role.ts';
import { ServiceStack } from './wiring/service-stack.ts';
import { kafkaPlace } from './wiring/status-report.ts';
import { type BridgeTasks, bridgeTasks } from './wiring/tasks.ts';

export interface BridgeOptions {
  /** Its data directory is the role's own. */
  readonly configuration: Configuration;
  /** A part of the bridge alone needs Kafka. */
  readonly role: BridgeRole;
  readonly telemetry: Telemetry;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  readonly clock: Clock;
  readonly version: string;
}

/** When each layer of the drain is told to abandon what is left, from the drain's beginning: all of it within 10 s. */
const DRAIN_WITHIN_MS = { ports: 4_000, processors: 5_500, sink: 7_500, cloud: 8_000, log: 9_000 } as const;

export function createBridge(options: BridgeOptions): Bridge {
  return new WiredBridge(options);
}

class WiredBridge implements Bridge {
  readonly #options: BridgeOptions;
  readonly #stack: ServiceStack;
  readonly #startedAtMs: number;
  #cloud: CloudEnd | undefined;
  #ports: Ports | undefined;
  #ready = false;

  constructor(options: BridgeOptions) {
    this.#options = options;
    this.#startedAtMs = options.clock.nowMs();
    this.#stack = new ServiceStack(options.clock, options.telemetry);
  }

  get failed(): Promise<never> {
    return this.#stack.failed;
  }

  async start(signal: AbortSignal): Promise<void> {
    const { configuration, role, clock, telemetry } = this.#options;
    if (configuration.kafka !== undefined) await this.#holdDirectory(configuration, signal);
    const format = await recordFormat(configuration, 'write', telemetry);
    const log = await this.#startLog(format, signal);
    crashPoint('restore');

    if (does(role, 'sinks')) await this.#startCloud(signal);
    const accounts = this.#cloud?.accounts() ?? new Map();
    const tasks = bridgeTasks(configuration, { codec: format.codec, clock, telemetry, accounts });
    if (does(role, 'sinks')) {
      await this.#stack.start({ services: [log.run(tasks.sink)], drainWithinMs: DRAIN_WITHIN_MS.sink }, signal);
    }
    if (does(role, 'processors')) {
      const processors = [log.run(tasks.assembly), log.run(tasks.tally)];
      await this.#stack.start({ services: processors, drainWithinMs: DRAIN_WITHIN_MS.processors }, signal);
    }
    await this.#openPorts(log, format, tasks, signal);
    this.#ready = true;
  }

  async drain(): Promise<void> {
    this.#ready = false;
    crashPoint('drain');
    await this.#stack.drain();
  }

  listening(): BridgeAddresses {
    const { configuration, role } = this.#options;
    const { host, http, dataDirectory, sandbox } = configuration;
    return {
      role,
      ...(this.#ports?.addresses() ?? { hl7: null, dicom: null, http: { host, port: http.port } }),
      dataDirectory,
      kafka: kafkaPlace(configuration),
      cloud: this.#cloud?.sites() ?? [],
      sandbox,
    };
  }

  /** The embedded log holds its directory itself. */
  async #holdDirectory({ dataDirectory }: Configuration, signal: AbortSignal): Promise<void> {
    await this.#stack.start({ services: [directoryHold(dataDirectory)], drainWithinMs: DRAIN_WITHIN_MS.log }, signal);
  }

  async #startLog(format: RecordFormat, signal: AbortSignal): Promise<RecordLog> {
    const { configuration, clock, telemetry } = this.#options;
    const fail = (error: unknown): void => this.#stack.fail('log', error);
    const log = await openLog(configuration, { ...format, clock, telemetry, fail });
    await this.#stack.start({ services: [logService(log)], drainWithinMs: DRAIN_WITHIN_MS.log }, signal);
    return log;
  }

  async #startCloud(signal: AbortSignal): Promise<void> {
    const cloud = await createCloudEnd(this.#options.configuration);
    this.#cloud = cloud;
    await this.#stack.start({ services: cloud.services, drainWithinMs: DRAIN_WITHIN_MS.cloud }, signal);
  }

  async #openPorts(log: RecordLog, { codec }: RecordFormat, tasks: BridgeTasks, signal: AbortSignal): Promise<void> {
    const { configuration, role, clock, telemetry, metrics } = this.#options;
    const readiness = () => readinessOf(this.#stack.states, log.health(), this.#ready);
    const parts = { log, codec, clock, telemetry, metrics, readiness };
    const ports = does(role, 'connectors') ? connectorPorts(configuration, parts) : healthPort(configuration, parts);
    this.#ports = ports;
    const control = createControlServer({
      dataDirectory: configuration.dataDirectory,
      telemetry,
      answer: controlAnswers({ log, codec, tasks, configuration, running: () => this.#running(readiness()) }),
    });
    const services = [...ports.services, control];
    await this.#stack.start({ services, drainWithinMs: DRAIN_WITHIN_MS.ports }, signal);
  }

  #running(parts: ReadonlyMap<string, string>) {
    const { version } = this.#options;
    return { version, pid: process.pid, startedAtMs: this.#startedAtMs, parts, addresses: this.listening() };
  }
}

/** The log as a layer: drained when everything above it has committed. */
function logService(log: RecordLog): Service {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const drain = async () => {
    await log[Symbol.asyncDispose]();
    end();
  };
  return { name: 'log', ended, start: async () => undefined, drain, [Symbol.asyncDispose]: drain };
}
