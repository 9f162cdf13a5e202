// The DICOM store SCP: listens, holds the associations, drains them.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { healsByItself } from '../../runtime/contracts/record-log.ts';
import type { Service } from '../../runtime/contracts/service.ts';
import { Association, type AssociationHost } from './association.ts';
import { DeadlineWatch } from './deadline-watch.ts';
import type { RejectionReason } from './negotiation.ts';
import { STORE_SCP_LIMITS, type StoreScpLimits, type StoreScpOptions } from './store-scp-options.ts';

export type { AssociationPeer, Route, StoreScpLimits, StoreScpOptions } from './store-scp-options.ts';

export interface StoreScp extends Service {
  /** Where it listens; undefined before `start` has resolved. */
  readonly address: { readonly host: string; readonly port: number } | undefined;
}

/** `start` rejects with the system's error (`code` EADDRINUSE, EACCES, EADDRNOTAVAIL) when the port cannot be opened. */
export function createStoreScp(options: StoreScpOptions): StoreScp {
  return new ListeningStoreScp(options, { ...STORE_SCP_LIMITS, ...options.limits });
}

class ListeningStoreScp implements StoreScp {
  readonly name = 'dicom-store-scp';
  readonly ended: Promise<void>;
  readonly #options: StoreScpOptions;
  readonly #limits: StoreScpLimits;
  readonly #server: Server;
  readonly #associations = new Set<Association>();
  readonly #deadlines: DeadlineWatch;
  readonly #host: AssociationHost;
  readonly #watching = new AbortController();
  #address: { readonly host: string; readonly port: number } | undefined;
  #started: Promise<void> | undefined;
  #drained: Promise<void> | undefined;
  #draining = false;
  #resolveEnded: () => void = () => {};
  #rejectEnded: (cause: Error) => void = () => {};
  #ungauge: () => void = () => {};

  constructor(options: StoreScpOptions, limits: StoreScpLimits) {
    this.#options = options;
    this.#limits = limits;
    this.#deadlines = new DeadlineWatch(options.clock);
    this.#host = { ...options, limits, deadlines: this.#deadlines, refusal: () => this.#refusal() };
    this.ended = new Promise((resolve, reject) => {
      this.#resolveEnded = resolve;
      this.#rejectEnded = reject;
    });
    // Whoever waits for `ended` sees the rejection; nobody has to.
    this.ended.catch(() => {});
    this.#server = createServer({ noDelay: true, keepAlive: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = limits.associationsMax + limits.waitingConnectionsMax;
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
    const { host, port, telemetry } = this.#options;
    signal.throwIfAborted();
    this.#server.listen({ host, port });
    try {
      await once(this.#server, 'listening', { signal });
    } catch (cause) {
      this.#server.close();
      throw cause;
    }
    this.#server.on('error', (cause) => this.#fail(cause));
    this.#address = { host, port: boundPort(this.#server) };
    this.#deadlines.run(this.#watching.signal).catch((cause: unknown) => this.#fail(asError(cause)));
    this.#ungauge = telemetry.gauge('dicom_associations_open', 'Open associations.', {}, () => this.#openCount());
    telemetry.record('dicom.listening', this.#address);
  }

  #accept(socket: Socket): void {
    const association = new Association(socket, this.#host);
    this.#associations.add(association);
    socket.once('close', () => this.#associations.delete(association));
    if (this.#draining) association.destroy();
  }

  #refusal(): RejectionReason | undefined {
    if (this.#draining) return 'draining';
    const health = this.#options.log.health();
    // Objects wait for what heals by itself; a log that has ended takes nothing more.
    if (!health.writable && !healsByItself(health.code)) return 'log_ended';
    return this.#openCount() >= this.#limits.associationsMax ? 'associations_max' : undefined;
  }

  #openCount(): number {
    let count = 0;
    for (const association of this.#associations) if (association.opened) count += 1;
    return count;
  }

  async #finish(deadline: AbortSignal): Promise<void> {
    this.#draining = true;
    const closed = new Promise<void>((resolve) => {
      // An error here says that the server never listened, or listens no more.
      this.#server.close(() => resolve());
    });
    for (const association of this.#associations) association.drain();
    let associationsAborted = 0;
    const abandon = () => {
      associationsAborted = this.#associations.size;
      for (const association of this.#associations) association.destroy();
    };
    if (deadline.aborted) abandon();
    else deadline.addEventListener('abort', abandon, { once: true });
    await closed;
    deadline.removeEventListener('abort', abandon);
    this.#watching.abort();
    this.#ungauge();
    if (this.#address !== undefined) this.#options.telemetry.record('dicom.stopped', { associationsAborted });
    this.#resolveEnded();
  }

  #fail(cause: Error): void {
    this.#rejectEnded(cause);
  }
}

function boundPort(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return address === null || typeof address === 'string' ? 0 : address.port;
}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error('the deadline watch failed', { cause });
}
