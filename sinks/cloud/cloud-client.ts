// One attempt at the cloud: connects, sends, reads the answer, and says how it ended. Owns undici.
import type { PeerCertificate } from 'node:tls';
import { buildConnector, type Dispatcher, Pool } from 'undici';
import type { Clock } from '../../runtime/contracts/clock.ts';
import { crashPoint } from '../../runtime/contracts/crash-point.ts';
import type { AttemptEnd } from './answer-reader.ts';
import { assertSafeAccount, type CloudAccount } from './cloud-account.ts';

/** The documented answers are a code and a sentence. */
const ANSWER_BYTES_MAX = 64 * 1024;
/** Shorter than common front ends keep an idle connection, so that few requests meet one that is just being closed. */
const IDLE_MS = 4_000;

export interface OutgoingRequest {
  readonly path: string;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** Connections of one account, kept alive, at most one a request under way. Redirects are not followed. */
export class CloudClient {
  readonly #clock: Clock;
  readonly #pool: Pool;
  readonly #basePath: string;
  readonly #open = new Set<Exchange>();
  #alarm: { readonly atMs: number; readonly stop: AbortController } | undefined;

  /** `mayBegin` is asked again when a connection stands, since connecting may have outlasted the right to send. */
  constructor(account: CloudAccount, clock: Clock, mayBegin: () => boolean) {
    assertSafeAccount(account);
    const { origin, pathname } = new URL(account.url);
    this.#clock = clock;
    this.#basePath = pathname.replace(/\/+$/, '');
    this.#pool = new Pool(origin, {
      connections: account.inFlightMax,
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      // The whole attempt has one time-out, below.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: connector(account, mayBegin),
    });
  }

  /** Never rejects. `timeoutMs` covers the whole attempt. */
  attempt(request: OutgoingRequest, timeoutMs: number): Promise<AttemptEnd> {
    return new Promise((resolve) => {
      const exchange = new Exchange(this.#clock.monotonicMs() + timeoutMs, (end) => {
        this.#open.delete(exchange);
        resolve(end);
      });
      this.#open.add(exchange);
      this.#wakeBy(exchange.deadlineMs);
      const headers = { 'content-type': 'application/json; charset=utf-8', ...request.headers };
      const path = this.#basePath + request.path;
      this.#pool.dispatch({ path, method: 'POST', headers, body: request.body }, exchange);
    });
  }

  /** Gives up every attempt under way and closes its connection; returns how many. */
  abandon(): number {
    const open = [...this.#open];
    for (const exchange of open) exchange.giveUp('abandoned');
    return open.length;
  }

  /** Closes every connection at once. */
  async destroy(): Promise<void> {
    this.abandon();
    this.#alarm?.stop.abort();
    await this.#pool.destroy();
  }

  /** One timer for all attempts, since nearly all end long before it rings. */
  #wakeBy(deadlineMs: number): void {
    if (this.#alarm !== undefined && this.#alarm.atMs <= deadlineMs) return;
    this.#alarm?.stop.abort();
    const alarm = { atMs: deadlineMs, stop: new AbortController() };
    this.#alarm = alarm;
    this.#clock.sleep(Math.max(0, deadlineMs - this.#clock.monotonicMs()), alarm.stop.signal).then(
      () => {
        this.#alarm = undefined;
        this.#endLate();
      },
      () => {
        // Replaced by an earlier alarm, or the client was destroyed.
      },
    );
  }

  #endLate(): void {
    const nowMs = this.#clock.monotonicMs();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const exchange of [...this.#open]) {
      if (exchange.deadlineMs <= nowMs) exchange.giveUp('timed_out');
      else nextMs = Math.min(nextMs, exchange.deadlineMs);
    }
    if (nextMs !== Number.POSITIVE_INFINITY) this.#wakeBy(nextMs);
  }
}

/** One request and its answer, as undici reports them. Settles once. */
class Exchange implements Dispatcher.DispatchHandler {
  /** Monotonic. */
  readonly deadlineMs: number;
  readonly #settle: (end: AttemptEnd) => void;
  #settled = false;
  /** Undefined until the first byte is about to be sent. */
  #controller: Dispatcher.DispatchController | undefined;
  #httpStatus = 0;
  #retryAfter: string | undefined;
  #date: string | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(deadlineMs: number, settle: (end: AttemptEnd) => void) {
    this.deadlineMs = deadlineMs;
    this.#settle = settle;
  }

  /** Whether bytes may have left decides what the end means: before, it did not happen; after, it may have. */
  giveUp(row: 'abandoned' | 'timed_out'): void {
    const controller = this.#controller;
    const unsent = row === 'timed_out' ? 'unreachable' : 'not_sent';
    this.#end({ type: 'failed', row: controller === undefined ? unsent : row });
    controller?.abort(new Error('given up'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Given up while waiting for a connection: nothing is written after an abort here.
    if (this.#settled) {
      controller.abort(new Error('given up'));
      return;
    }
    this.#controller = controller;
    // The bytes are handed to the socket within this turn.
    process.nextTick(crashPoint, 'request.sent');
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    httpStatus: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    this.#httpStatus = httpStatus;
    this.#retryAfter = single(headers['retry-after']);
    this.#date = single(headers['date']);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    // Invariant 7: what is held of an answer is bounded.
    if (this.#bytes > ANSWER_BYTES_MAX) {
      this.#answer(undefined);
      controller.abort(new Error('answer too large'));
    } else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    crashPoint('answer.read');
    const [first] = this.#chunks;
    const whole = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks);
    this.#answer(whole.toString('utf8'));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#end({ type: 'failed', row: this.#controller !== undefined ? 'connection_lost' : failureRow(error) });
  }

  #answer(body: string | undefined): void {
    this.#end({
      type: 'answered',
      httpStatus: this.#httpStatus,
      retryAfter: this.#retryAfter,
      date: this.#date,
      body,
    });
  }

  #end(end: AttemptEnd): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#chunks = [];
    this.#settle(end);
  }
}

/**
 * TLS 1.2 or newer against the authority of the account or the system's, always verified. With a fingerprint the
 * certificate itself is the identity and its names are not compared: a front-end machine is addressed by IP, and its
 * certificate often names none.
 */
function connector(account: CloudAccount, mayBegin: () => boolean): buildConnector.connector {
  const pinned = account.fingerprint256?.replaceAll(':', '').toUpperCase();
  const connect = buildConnector({
    timeout: account.timeoutMs,
    // A resumed session skips the check of the certificate.
    maxCachedSessions: 0,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ...(account.ca === undefined ? {} : { ca: account.ca }),
    ...(pinned === undefined
      ? {}
      : {
          checkServerIdentity: (_host: string, certificate: PeerCertificate): Error | undefined =>
            certificate.fingerprint256.replaceAll(':', '').toUpperCase() === pinned
              ? undefined
              : new CertificateMismatch(),
        }),
  });
  return (options, callback) => {
    connect(options, (...result) => {
      const [error, socket] = result;
      if (error === null && !mayBegin()) {
        socket.destroy();
        callback(new Error('not allowed to send'), null);
      } else callback(...result);
    });
  };
}

class CertificateMismatch extends Error {
  readonly code = 'ERR_TLS_CERT_PIN';
}

/** Codes of OpenSSL's verification, which have no common prefix, and of Node's identity check. */
const CERTIFICATE_CODE =
  /^(ERR_TLS_CERT|CERT_|UNABLE_TO_(GET|VERIFY|DECRYPT)|SELF_SIGNED|DEPTH_ZERO|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH)/;

function failureRow(error: Error): 'unreachable' | 'certificate' {
  return 'code' in error && typeof error.code === 'string' && CERTIFICATE_CODE.test(error.code)
    ? 'certificate'
    : 'unreachable';
}

function single(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
