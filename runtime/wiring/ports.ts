// The ports of a bridge: connectors open all of them, the other roles HTTP's health and metrics only.
import type { RecordCodec } from '../../codecs/avro/record-codec.ts';
import { createStoreEvents } from '../../connectors/dicom/store-events.ts';
import { createStoreScp, type StoreScp } from '../../connectors/dicom/store-scp.ts';
import { createMllpServer, type MllpServer } from '../../connectors/hl7/mllp-server.ts';
import type { Configuration } from '../config/configuration.ts';
import { dicomSenderRules, hl7SenderRules } from '../config/sender-rules.ts';
import type { Clock } from '../contracts/clock.ts';
import type { RecordLog } from '../contracts/record-log.ts';
import type { Service } from '../contracts/service.ts';
import type { Telemetry } from '../contracts/telemetry.ts';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../http/http-server.ts';
import type { BridgeAddresses } from './bridge.ts';
import { startedOnPort } from './listen-fault.ts';

export interface PortParts {
  readonly log: RecordLog;
  readonly codec: RecordCodec;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly metrics: HttpServerOptions['metrics'];
  readonly readiness: HttpServerOptions['readiness'];
}

export interface Ports {
  readonly services: readonly Service[];
  /** Known once started. */
  addresses(): Pick<BridgeAddresses, 'hl7' | 'dicom' | 'http'>;
}

/** Where messages, objects and store events come in. */
export function connectorPorts(configuration: Configuration, parts: PortParts): Ports {
  const { host, hl7, dicom } = configuration;
  const mllp = mllpPort(configuration, parts);
  const scp = dicomPort(configuration, parts);
  const http = httpPort(configuration, parts, storeEventRoute(configuration, parts));
  return {
    services: [
      startedOnPort(mllp, 'HL7', host, hl7.port),
      startedOnPort(scp, 'DICOM', host, dicom.port),
      startedOnPort(http, 'HTTP', host, configuration.http.port),
    ],
    addresses: () => ({
      hl7: mllp.address ?? { host, port: hl7.port },
      dicom: { ...(scp.address ?? { host, port: dicom.port }), aeTitle: dicom.aeTitle },
      http: http.address,
    }),
  };
}

/** Health and metrics of a role that takes nothing in. */
export function healthPort(configuration: Configuration, parts: PortParts): Ports {
  const http = httpPort(configuration, parts, NO_STORE_EVENTS);
  return {
    services: [startedOnPort(http, 'HTTP', configuration.host, configuration.http.port)],
    addresses: () => ({ hl7: null, dicom: null, http: http.address }),
  };
}

function mllpPort(configuration: Configuration, { log, codec, clock, telemetry }: PortParts): MllpServer {
  const { host, hl7 } = configuration;
  const rules = hl7SenderRules(configuration);
  return createMllpServer({
    host,
    log,
    codec,
    clock,
    telemetry,
    port: hl7.port,
    route: (sender) => rules.sourceOf(sender),
    frameBytesMax: hl7.maxFrameBytes,
    connectionsMax: hl7.connectionsMax,
    idleTimeoutMs: hl7.idleTimeoutMs,
    whenLogCannot: hl7.whenLogCannot,
  });
}

function dicomPort(configuration: Configuration, { log, codec, clock, telemetry }: PortParts): StoreScp {
  const { host, dicom } = configuration;
  const rules = dicomSenderRules(configuration);
  return createStoreScp({
    host,
    log,
    codec,
    clock,
    telemetry,
    port: dicom.port,
    aeTitle: dicom.aeTitle,
    route: ({ calledAeTitle: _, ...peer }) => rules.sourceOf(peer),
    limits: { associationsMax: dicom.associationsMax, idleMs: dicom.idleTimeoutMs },
  });
}

function storeEventRoute(configuration: Configuration, { log, codec, clock, telemetry }: PortParts): StoreEventRoute {
  const rules = dicomSenderRules(configuration);
  const storeEvents = createStoreEvents({
    log,
    codec,
    clock,
    telemetry,
    route: ({ remoteAddress, ...peer }) => rules.sourceOf({ ...peer, address: remoteAddress }),
    limits: { bodyBytesMax: configuration.http.bodyBytesMax },
  });
  return {
    admits: (address) => rules.admits(address),
    storeEvents: (request, signal) => storeEvents.handle(request, signal),
  };
}

type StoreEventRoute = Pick<HttpServerOptions, 'admits' | 'storeEvents'>;

const NO_STORE_EVENTS: StoreEventRoute = { admits: () => false };

function httpPort(
  { host, http }: Configuration,
  { clock, telemetry, metrics, readiness }: PortParts,
  storeEvents: StoreEventRoute,
): HttpServer {
  const { port, bodyBytesMax } = http;
  return createHttpServer({ host, port, bodyBytesMax, clock, telemetry, metrics, readiness, ...storeEvents });
}
