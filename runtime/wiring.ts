/**
 * Puts the parts together.
 *
 *   MLLP ──────────► hl7.messages ───────────────────┐
 *   C-STORE,                                         ▼
 *   store events ──► dicom.instances ─► tally ─► assembly ─► cloud sink ─► cloud, or the sandbox
 *
 * Started from the cloud's side to the senders', so that whatever is accepted has its way on; drained from the senders'
 * side, so that what was accepted is finished first.
 */
import { singleObjectCodec } from '../codecs/avro/record-codec.ts';
import { createStoreEvents } from '../connectors/dicom/store-events.ts';
import { createStoreScp, type StoreScp } from '../connectors/dicom/store-scp.ts';
import { createMllpServer, type MllpServer } from '../connectors/hl7/mllp-server.ts';
import type { Configuration } from './config/configuration.ts';
import { dicomSenderRules, hl7SenderRules } from './config/sender-rules.ts';
import type { Clock } from './contracts/clock.ts';
import { crashPoint } from './contracts/crash-point.ts';
import type { RecordLog } from './contracts/record-log.ts';
import type { Service } from './contracts/service.ts';
import type { Telemetry } from './contracts/telemetry.ts';
import { createControlServer } from './control/control-server.ts';
import { createHttpServer, type HttpServer } from './http/http-server.ts';
import type { Bridge, BridgeAddresses } from './wiring/bridge.ts';
import { type CloudEnd, createCloudEnd } from './wiring/cloud-end.ts';
import { controlAnswers } from './wiring/control-answers.ts';
import { openLog } from './wiring/data-directory.ts';
import { startedOnPort } from './wiring/listen-fault.ts';
import { readinessOf } from './wiring/readiness.ts';
import { ServiceStack } from './wiring/service-stack.ts';
import { type BridgeTasks, bridgeTasks } from './wiring/tasks.ts';

export interface BridgeOptions {
  readonly configuration: Configuration;
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

interface Ports {
  readonly mllp: MllpServer;
  readonly dicom: StoreScp;
  readonly http: HttpServer;
}

class WiredBridge implements Bridge {
  readonly #options: BridgeOptions;
  readonly #stack: ServiceStack;
  readonly #codec = singleObjectCodec();
  readonly #startedAtMs: number;
  #log: RecordLog | undefined;
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
    const { configuration, clock, telemetry } = this.#options;
    const log = await openLog(configuration, {
      codec: this.#codec,
      clock,
      telemetry,
      fail: (error) => this.#stack.fail('log', error),
    });
    this.#log = log;
    await this.#stack.start({ services: [logService(log)], drainWithinMs: DRAIN_WITHIN_MS.log }, signal);
    crashPoint('restore');

    const cloud = await createCloudEnd(configuration);
    this.#cloud = cloud;
    await this.#stack.start({ services: cloud.services, drainWithinMs: DRAIN_WITHIN_MS.cloud }, signal);

    const tasks = bridgeTasks(configuration, { codec: this.#codec, clock, telemetry, accounts: cloud.accounts() });
    await this.#stack.start({ services: [log.run(tasks.sink)], drainWithinMs: DRAIN_WITHIN_MS.sink }, signal);
    const processors = [log.run(tasks.assembly), log.run(tasks.tally)];
    await this.#stack.start({ services: processors, drainWithinMs: DRAIN_WITHIN_MS.processors }, signal);

    const ports = this.#openPorts(log);
    this.#ports = ports;
    const control = this.#control(log, tasks);
    const services = [
      startedOnPort(ports.mllp, 'HL7', configuration.host, configuration.hl7.port),
      startedOnPort(ports.dicom, 'DICOM', configuration.host, configuration.dicom.port),
      startedOnPort(ports.http, 'HTTP', configuration.host, configuration.http.port),
      control,
    ];
    await this.#stack.start({ services, drainWithinMs: DRAIN_WITHIN_MS.ports }, signal);
    this.#ready = true;
  }

  async drain(): Promise<void> {
    this.#ready = false;
    crashPoint('drain');
    await this.#stack.drain();
  }

  listening(): BridgeAddresses {
    const { configuration } = this.#options;
    const { host } = configuration;
    const dicom = this.#ports?.dicom.address ?? { host, port: configuration.dicom.port };
    return {
      hl7: this.#ports?.mllp.address ?? { host, port: configuration.hl7.port },
      dicom: { ...dicom, aeTitle: configuration.dicom.aeTitle },
      http: this.#ports?.http.address ?? { host, port: configuration.http.port },
      dataDirectory: configuration.dataDirectory,
      cloud: this.#cloud?.sites() ?? [],
      sandbox: configuration.sandbox,
    };
  }

  #openPorts(log: RecordLog): Ports {
    const { configuration, clock, telemetry, metrics } = this.#options;
    const { host, hl7, dicom, http } = configuration;
    const hl7Rules = hl7SenderRules(configuration);
    const dicomRules = dicomSenderRules(configuration);
    const shared = { host, log, codec: this.#codec, clock, telemetry };
    const storeEvents = createStoreEvents({
      log,
      codec: this.#codec,
      clock,
      telemetry,
      route: ({ remoteAddress, ...peer }) => dicomRules.sourceOf({ ...peer, address: remoteAddress }),
      limits: { bodyBytesMax: http.bodyBytesMax },
    });
    return {
      mllp: createMllpServer({
        ...shared,
        port: hl7.port,
        route: (sender) => hl7Rules.sourceOf(sender),
        frameBytesMax: hl7.maxFrameBytes,
        connectionsMax: hl7.connectionsMax,
        idleTimeoutMs: hl7.idleTimeoutMs,
        whenLogCannot: hl7.whenLogCannot,
      }),
      dicom: createStoreScp({
        ...shared,
        port: dicom.port,
        aeTitle: dicom.aeTitle,
        route: ({ calledAeTitle: _, ...peer }) => dicomRules.sourceOf(peer),
        limits: { associationsMax: dicom.associationsMax, idleMs: dicom.idleTimeoutMs },
      }),
      http: createHttpServer({
        host,
        port: http.port,
        bodyBytesMax: http.bodyBytesMax,
        clock,
        telemetry,
        metrics,
        admits: (address) => dicomRules.admits(address),
        readiness: () => readinessOf(this.#stack.states, log.health(), this.#ready),
        storeEvents: (request, signal) => storeEvents.handle(request, signal),
      }),
    };
  }

  #control(log: RecordLog, tasks: BridgeTasks): Service {
    const { configuration, telemetry, version } = this.#options;
    return createControlServer({
      dataDirectory: configuration.dataDirectory,
      telemetry,
      answer: controlAnswers({
        log,
        codec: this.#codec,
        tasks,
        configuration,
        running: () => ({
          version,
          pid: process.pid,
          startedAtMs: this.#startedAtMs,
          parts: readinessOf(this.#stack.states, log.health(), this.#ready),
          addresses: this.listening(),
        }),
      }),
    });
  }
}

/** The log as the bottom layer: drained when everything above it has committed. */
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
