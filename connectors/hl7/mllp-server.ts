// Listens for HL7 messages over MLLP and tells a sender yes when its message is durable in the log.
import { once } from 'node:events';
import { createServer, isIPv4, type Server, type Socket } from 'node:net';
import type { RecordCodec } from '../../codecs/avro/record-codec.ts';
import type { Clock } from '../../runtime/contracts/clock.ts';
import type { RecordLog } from '../../runtime/contracts/record-log.ts';
import type { Service } from '../../runtime/contracts/service.ts';
import type { Telemetry } from '../../runtime/contracts/telemetry.ts';
import { parseSite, type Site } from '../../schemas/identifiers.ts';
import { createAcknowledgementStamps } from './acknowledgement-stamps.ts';
import { createIntake, type Route, type Sender } from './message-intake.ts';
import { type ConnectionServices, MllpConnection } from './mllp-connection.ts';

export interface MllpServerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly log: Pick<RecordLog, 'append' | 'health'>;
  readonly codec: RecordCodec;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Asked for every message; undefined refuses it (AR). Bytes without a readable header are asked for with empty names. */
  readonly route: (sender: Sender) => Route | undefined;
  /** Under which dead letters of refused senders are kept; default `unrouted`. */
  readonly refusedSite?: Site;
  /** Default 32 MiB. */
  readonly frameBytesMax?: number;
  /** Default 1,000. */
  readonly connectionsMax?: number;
  /** Without a byte and without anything pending; default an hour, since engines hold connections through quiet nights. */
  readonly idleTimeoutMs?: number;
  /** From the first byte of a frame to its end; default 5 min. */
  readonly frameTimeoutMs?: number;
  /** Messages of a connection that are not answered; default 256. */
  readonly pendingPerConnectionMax?: number;
  /** Their bytes; one message may go beyond. Default 8 MiB. */
  readonly pendingBytesPerConnectionMax?: number;
  /** Bytes of messages of all connections that are not answered, and again as many of frames that are not complete; default 256 MiB. */
  readonly roomBytesMax?: number;
  /** How long a message waits for the log; default 10 s. */
  readonly appendDeadlineMs?: number;
  /** close: no answer, so that the sender sends again. reject: AR with ERR-3 207. Default close: many engines park a refused message. */
  readonly whenLogCannot?: 'close' | 'reject';
}

export interface MllpServer extends Service {
  /** undefined while the port is not open. */
  readonly address: { readonly host: string; readonly port: number } | undefined;
}

/** `start` rejects with the error of the bind (`EADDRINUSE`, `EACCES`, …), its code kept. */
export function createMllpServer(options: MllpServerOptions): MllpServer {
  return new ListeningServer(options);
}

const MIB = 1_048_576;
/** Deadlines are looked at this often, or four times within the shortest. */
const CHECK_INTERVAL_MS = 250;

class ListeningServer implements MllpServer {
  readonly name = 'mllp';
  readonly ended: Promise<void>;
  readonly #options: MllpServerOptions;
  readonly #services: ConnectionServices;
  readonly #server: Server;
  readonly #connections = new Set<MllpConnection>();
  readonly #stop = new AbortController();
  readonly #end = withResolvers();
  readonly #gauges: (() => void)[] = [];
  #started: Promise<void> | undefined;
  #drained: Promise<void> | undefined;
  #address: { readonly host: string; readonly port: number } | undefined;

  constructor(options: MllpServerOptions) {
    this.#options = options;
    this.#services = connectionServices(options, (connection) => this.#connections.delete(connection));
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = options.connectionsMax ?? 1000;
    this.#server.on('drop', () =>
      options.telemetry.record('hl7.connection_refused', { connections: this.#connections.size }),
    );
    this.ended = this.#end.promise;
    // Who never asks for the end is not to bring the process down; `start` and `drain` report their own failures.
    this.ended.catch(() => {});
    this.#server.once('close', this.#end.resolve);
    this.#server.on('error', (error) => {
      if (this.#address !== undefined) this.#end.reject(error);
    });
  }

  get address(): { readonly host: string; readonly port: number } | undefined {
    return this.#address;
  }

  start(signal: AbortSignal): Promise<void> {
    this.#started ??= this.#listen(signal);
    return this.#started;
  }

  drain(deadline: AbortSignal): Promise<void> {
    this.#drained ??= this.#finish(deadline);
    return this.#drained;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain(AbortSignal.abort());
  }

  async #listen(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#server.listen(this.#options.port, this.#options.host);
    try {
      await once(this.#server, 'listening', { signal });
    } catch (error) {
      this.#server.close();
      throw error;
    }
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') throw new TypeError('a TCP server has an address');
    this.#address = { host: bound.address, port: bound.port };
    this.#options.telemetry.record('hl7.listening', this.#address);
    const { telemetry } = this.#options;
    const connections = this.#connections;
    this.#gauges.push(
      telemetry.gauge('hl7_connections_open', 'MLLP connections open.', {}, () => connections.size),
      telemetry.gauge('hl7_messages_pending', 'HL7 messages that are not yet answered.', {}, () =>
        [...connections].reduce((sum, { pendingMessages }) => sum + pendingMessages, 0),
      ),
    );
    void this.#watch();
  }

  async #finish(deadline: AbortSignal): Promise<void> {
    if (this.#address === undefined) {
      this.#end.resolve();
      return;
    }
    this.#server.close();
    for (const connection of this.#connections) connection.finish('drained');
    const abandonAll = (): void => {
      for (const connection of this.#connections) connection.abandon('abandoned');
    };
    if (deadline.aborted) abandonAll();
    else deadline.addEventListener('abort', abandonAll, { once: true });
    await this.ended;
    deadline.removeEventListener('abort', abandonAll);
    this.#stop.abort();
    for (const removeGauge of this.#gauges) removeGauge();
    this.#address = undefined;
    this.#options.telemetry.record('hl7.ended', {});
  }

  #accept(socket: Socket): void {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const address = plainAddress(remoteAddress);
    this.#connections.add(new MllpConnection(socket, address, this.#services));
    this.#options.telemetry.record('hl7.connection_opened', { address });
  }

  /** One timer for the deadlines of all connections. */
  async #watch(): Promise<void> {
    const { clock } = this.#options;
    const { appendDeadlineMs, idleTimeoutMs, frameTimeoutMs } = this.#services.limits;
    const intervalMs = Math.min(CHECK_INTERVAL_MS, appendDeadlineMs / 4, idleTimeoutMs / 4, frameTimeoutMs / 4);
    while (!this.#stop.signal.aborted) {
      try {
        await clock.sleep(intervalMs, this.#stop.signal);
      } catch {
        // Only the abort ends a sleep early, and then there is nothing left to watch.
        return;
      }
      const nowMs = clock.monotonicMs();
      for (const connection of this.#connections) connection.check(nowMs);
    }
  }
}

function connectionServices(
  options: MllpServerOptions,
  closed: (connection: MllpConnection) => void,
): ConnectionServices {
  const { log, clock, telemetry, codec, route } = options;
  const roomBytesMax = options.roomBytesMax ?? 256 * MIB;
  return {
    limits: {
      frameBytesMax: options.frameBytesMax ?? 32 * MIB,
      pendingPerConnectionMax: options.pendingPerConnectionMax ?? 256,
      pendingBytesPerConnectionMax: options.pendingBytesPerConnectionMax ?? 8 * MIB,
      idleTimeoutMs: options.idleTimeoutMs ?? 3_600_000,
      frameTimeoutMs: options.frameTimeoutMs ?? 300_000,
      appendDeadlineMs: options.appendDeadlineMs ?? 10_000,
      whenLogCannot: options.whenLogCannot ?? 'close',
    },
    log,
    clock,
    telemetry,
    intake: createIntake({ codec, route, refusedSite: options.refusedSite ?? unroutedSite() }),
    stamp: createAcknowledgementStamps(clock),
    unfinishedRoom: { usedBytes: 0, bytesMax: roomBytesMax },
    pendingRoom: { usedBytes: 0, bytesMax: roomBytesMax },
    closed,
  };
}

function unroutedSite(): Site {
  const site = parseSite('unrouted');
  if (site === undefined) throw new TypeError('the name is a site');
  return site;
}

/** IPv4 peers of a socket that listens on both appear as `::ffff:192.0.2.1`. */
function plainAddress(address: string): string {
  const mapped = address.startsWith('::ffff:') ? address.slice(7) : '';
  return isIPv4(mapped) ? mapped : address;
}

function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve: () => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<void>((settle, fail) => {
    resolve = settle;
    reject = fail;
  });
  return { promise, resolve, reject };
}
