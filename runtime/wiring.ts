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
import type { SpoolLog } from './log/spool/spool-log.ts';
import type { Bridge, BridgeAddresses } from './wiring/bridge.ts';
import { type CloudEnd, createCloudEnd } from './wiring/cloud-end.ts';
import { type AnswerSources, controlAnswers } from './wiring/control-answers.ts';
import { directoryHold } from './wiring/directory-hold.ts';
import { openLog } from './wiring/log-opening.ts';
import { connectorPorts, healthPort, type PortParts, type Ports } from './wiring/ports.ts';
import { readinessOf } from './wiring/readiness.ts';
import { formatWithoutRegistry, openRecordFormat, type RecordFormat } from './wiring/record-format.ts';
import { type BridgeRole, does } from './wiring/role.ts';
import { ServiceStack } from './wiring/service-stack.ts';
import { openSpool } from './wiring/spool-opening.ts';
import { kafkaPlace } from './wiring/status-report.ts';
import { bridgeTasks } from './wiring/tasks.ts';

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
const DRAIN_WITHIN_MS = {
  ports: 4_000,
  processors: 5_500,
  sink: 7_300,
  cloud: 7_600,
  log: 8_000,
  registry: 8_100,
  forwarder: 8_200,
  spool: 8_800,
  directory: 9_000,
} as const;

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
    const spool = await this.#startSpool(signal);
    // Connectors that spool start without the link to Kafka.
    const spoolAlone = role === 'connectors' ? spool : undefined;
    const format = spoolAlone === undefined ? await this.#openFormat(signal) : formatWithoutRegistry();
    const log = spoolAlone?.log ?? (await this.#startLog(format, signal));
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
    const { codec } = spool === undefined ? format : formatWithoutRegistry();
    const intake = { log: spool?.log ?? log, codec };
    const known = spoolAlone === undefined ? tasks : undefined;
    const answers = { log, codec: format.codec, tasks: known, configuration, clock };
    await this.#openPorts(intake, answers, signal);
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
    await this.#stack.start(
      { services: [directoryHold(dataDirectory)], drainWithinMs: DRAIN_WITHIN_MS.directory },
      signal,
    );
  }

  /** The log of connectors that acknowledge by their own disk; undefined where the doors append to the log itself. */
  async #startSpool(signal: AbortSignal): Promise<SpoolLog | undefined> {
    const { configuration, role, clock, telemetry } = this.#options;
    const { kafka } = configuration;
    if (kafka?.spool.enabled !== true || !does(role, 'connectors')) return undefined;
    const fail = (error: unknown): void => this.#stack.fail('spool', error);
    const spool = await openSpool(configuration, kafka, { clock, telemetry, fail });
    const disk = closedLater('spool', spool.log);
    await this.#stack.start({ services: [disk], drainWithinMs: DRAIN_WITHIN_MS.spool }, signal);
    await this.#stack.start({ services: [spool.forwarder], drainWithinMs: DRAIN_WITHIN_MS.forwarder }, signal);
    return spool;
  }

  async #openFormat(signal: AbortSignal): Promise<RecordFormat> {
    const { configuration, telemetry } = this.#options;
    const format = await openRecordFormat(configuration, 'write', telemetry, signal);
    if (configuration.schemaRegistry === undefined) return format;
    const registry = closedLater('schema registry', format);
    await this.#stack.start({ services: [registry], drainWithinMs: DRAIN_WITHIN_MS.registry }, signal);
    return format;
  }

  async #startLog({ codec, schemas }: RecordFormat, signal: AbortSignal): Promise<RecordLog> {
    const { configuration, clock, telemetry } = this.#options;
    const fail = (error: unknown): void => this.#stack.fail('log', error);
    const log = await openLog(configuration, { codec, schemas, clock, telemetry, fail });
    await this.#stack.start({ services: [closedLater('log', log)], drainWithinMs: DRAIN_WITHIN_MS.log }, signal);
    return log;
  }

  async #startCloud(signal: AbortSignal): Promise<void> {
    const cloud = await createCloudEnd(this.#options.configuration);
    this.#cloud = cloud;
    await this.#stack.start({ services: cloud.services, drainWithinMs: DRAIN_WITHIN_MS.cloud }, signal);
  }

  async #openPorts(
    intake: Pick<PortParts, 'log' | 'codec'>,
    sources: Omit<AnswerSources, 'running'>,
    signal: AbortSignal,
  ): Promise<void> {
    const { configuration, role, clock, telemetry, metrics } = this.#options;
    const readiness = () => readinessOf(this.#stack.states, intake.log.health(), this.#ready);
    const parts = { ...intake, clock, telemetry, metrics, readiness };
    const ports = does(role, 'connectors') ? connectorPorts(configuration, parts) : healthPort(configuration, parts);
    this.#ports = ports;
    const control = createControlServer({
      dataDirectory: configuration.dataDirectory,
      telemetry,
      answer: controlAnswers({ ...sources, running: () => this.#running(readiness()) }),
    });
    const services = [...ports.services, control];
    await this.#stack.start({ services, drainWithinMs: DRAIN_WITHIN_MS.ports }, signal);
  }

  #running(parts: ReadonlyMap<string, string>) {
    const { version } = this.#options;
    return { version, pid: process.pid, startedAtMs: this.#startedAtMs, parts, addresses: this.listening() };
  }
}

/** What is open already, as a layer: closed when everything above it has drained. */
function closedLater(name: string, opened: AsyncDisposable): Service {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const drain = async () => {
    await opened[Symbol.asyncDispose]();
    end();
  };
  return { name, ended, start: async () => undefined, drain, [Symbol.asyncDispose]: drain };
}
