/**
 * The sandbox cloud: an HTTP server that takes the vendor's study upload as strictly as its document allows one to be.
 *
 * A call passes: read whole (bounded) → the next scripted fault meant for it → judged → its change and the request itself
 * written to the folder → answered. Report upload and deletion are provisional: no document states them.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isJsonObject, type JsonObject, textField } from '../json-value.ts';
import { type SimulatorClock, simulatorSystemClock } from '../simulator-clock.ts';
import { faultShows, writeAnswer, writeFault, writeJson } from './answer-writer.ts';
import { judge, type ReceivedCall, receiveCall } from './call-desk.ts';
import type { CloudAnswer } from './cloud-answer.ts';
import { CloudJournal } from './cloud-journal.ts';
import {
  type CallKind,
  type CloudChange,
  CloudMemory,
  KEPT_BODY_BYTES_MAX,
  type RequestRecord,
} from './cloud-memory.ts';
import { type Fault, FaultScript } from './fault-script.ts';
import { PDF_FIELD } from './report-form.ts';
import { answerSandboxRoute } from './sandbox-routes.ts';

export const STUDY_PATH = '/ris/study/add';
export const SANDBOX_REPORT_PATH = '/ris/report/add';
export const SANDBOX_DELETE_PATH = '/ris/study/delete';

export interface SandboxCloudOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Token of each application id. */
  readonly accounts: ReadonlyMap<string, string>;
  readonly clock?: SimulatorClock;
  readonly clockSkewMaxMs?: number;
  /** Where final state and requests are kept; without it they end with the process. */
  readonly folder?: string;
  /** Path of the provisional report upload; undefined: the cloud has none. */
  readonly reportPath?: string;
  readonly deletePath?: string;
  /** Header that carries the id of a request, the same for each of its attempts. */
  readonly requestIdHeader?: string;
}

/** Has the shape of the bridge's `Service`, which the simulator may not import. */
export interface SandboxCloud extends AsyncDisposable {
  readonly name: string;
  /** `http://host:port`, known once started. */
  readonly url: string;
  start(signal: AbortSignal): Promise<void>;
  drain(deadline: AbortSignal): Promise<void>;
  readonly ended: Promise<void>;
}

const BODY_BYTES_MAX: Readonly<Record<CallKind | 'script', number>> = {
  study: 1024 * 1024,
  // A PDF of 32 MB in base64, and its report.
  report: 46 * 1024 * 1024,
  withdrawal: 64 * 1024,
  script: 4 * 1024 * 1024,
};
const CONNECTIONS_MAX = 1_000;
const REQUEST_TIMEOUT_MS = 120_000;

export function createSandboxCloud(options: SandboxCloudOptions): SandboxCloud {
  return new SandboxServer(options);
}

interface EndedSettlers {
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

class SandboxServer implements SandboxCloud {
  readonly name = 'sandbox cloud';
  readonly ended: Promise<void>;
  readonly #options: SandboxCloudOptions;
  readonly #clock: SimulatorClock;
  readonly #memory = new CloudMemory();
  readonly #script = new FaultScript();
  readonly #journal: CloudJournal | undefined;
  readonly #calls: ReadonlyMap<string, CallKind>;
  readonly #abandon = new AbortController();
  readonly #server: Server;
  #started: Promise<void> | undefined;
  #drained: Promise<void> | undefined;
  #nextSequence = 1;
  #url = '';
  readonly #settleEnded: EndedSettlers;

  constructor(options: SandboxCloudOptions) {
    this.#options = options;
    this.#clock = options.clock ?? simulatorSystemClock;
    this.#journal = options.folder === undefined ? undefined : new CloudJournal(options.folder, this.#memory);
    const calls: [string | undefined, CallKind][] = [
      [STUDY_PATH, 'study'],
      [options.reportPath, 'report'],
      [options.deletePath, 'withdrawal'],
    ];
    this.#calls = new Map(calls.flatMap(([path, call]) => (path === undefined ? [] : [[path, call]])));
    let settle: EndedSettlers = { resolve: () => undefined, reject: () => undefined };
    this.ended = new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
    // Whoever awaits `ended` sees the failure; nobody has to.
    this.ended.catch(() => undefined);
    this.#settleEnded = settle;
    this.#server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
      this.#answer(request, response).catch(() => {
        // The connection went, the sandbox is being ended, or its folder cannot be written: no answer is the honest one.
        response.destroy();
      });
    });
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  get url(): string {
    return this.#url;
  }

  start(signal: AbortSignal): Promise<void> {
    this.#started ??= this.#open(signal);
    return this.#started;
  }

  drain(deadline: AbortSignal): Promise<void> {
    this.#drained ??= this.#close(deadline);
    return this.#drained;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain(AbortSignal.abort());
  }

  async #open(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#journal?.open();
    this.#nextSequence = this.#memory.lastSequence + 1;
    const host = this.#options.host ?? '127.0.0.1';
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.port, host, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (cause) => this.#settleEnded.reject(cause));
        resolve();
      });
    });
    const address = this.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : this.#options.port;
    this.#url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  async #close(deadline: AbortSignal): Promise<void> {
    const abandon = () => {
      this.#abandon.abort(deadline.reason);
      this.#server.closeAllConnections();
    };
    if (this.#server.listening) {
      const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
      this.#server.closeIdleConnections();
      if (deadline.aborted) abandon();
      else deadline.addEventListener('abort', abandon, { once: true });
      await closed;
      deadline.removeEventListener('abort', abandon);
    }
    await this.#journal?.close();
    this.#settleEnded.resolve();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://sandbox');
    if (url.pathname === '/sandbox' || url.pathname.startsWith('/sandbox/')) {
      return answerSandboxRoute(request, response, url, {
        memory: this.#memory,
        script: this.#script,
        reportPath: this.#options.reportPath ?? null,
        deletePath: this.#options.deletePath ?? null,
        readBody: (from) => readBody(from, BODY_BYTES_MAX.script),
        reset: () => this.#reset(),
      });
    }
    const call = this.#calls.get(url.pathname);
    if (call === undefined) return writeJson(response, 404, { error: 'no such call' });
    if (request.method !== 'POST') return writeJson(response, 405, { error: 'this call is a POST' });
    const bytes = await readBody(request, BODY_BYTES_MAX[call]);
    if (bytes === undefined) {
      response.shouldKeepAlive = false;
      return writeJson(response, 413, { error: 'the body is too large' });
    }
    await this.#take(receiveCall(call, request.headers, bytes, this.#clock.nowMs()), response);
  }

  async #take(received: ReceivedCall, response: ServerResponse): Promise<void> {
    const signal = abortedWith(response, this.#abandon.signal);
    const studyId = received.body === undefined ? null : (textField(received.body, 'studyId') ?? null);
    const fault = this.#script.next(received.call, studyId);
    if (fault !== undefined && fault.beforeMs > 0) await this.#clock.sleep(fault.beforeMs, signal);
    const answer = await this.#record(received, studyId, fault);
    if (fault === undefined) return writeAnswer(response, answer);
    if (fault.afterMs > 0) await this.#clock.sleep(fault.afterMs, signal);
    await writeFault(response, fault, answer, this.#clock, signal);
  }

  /** Changes memory at once, so that calls are judged in their order of arrival; resolves when the change is written. */
  async #record(received: ReceivedCall, studyId: string | null, fault: Fault | undefined): Promise<CloudAnswer> {
    const processed = fault === undefined || fault.takesEffect;
    const { answer, changes } = processed
      ? judge(received, this.#memory, {
          accounts: this.#options.accounts,
          clockSkewMaxMs: this.#options.clockSkewMaxMs ?? 300_000,
        })
      : { answer: { code: fault.code, message: fault.message }, changes: [] };
    const shown = fault === undefined ? { httpStatus: 200, code: answer.code } : faultShows(fault, answer);
    const requestId = this.#requestId(received);
    const request: RequestRecord = {
      sequence: this.#nextSequence,
      receivedAtMs: received.receivedAtMs,
      call: received.call,
      studyId,
      reportId: received.body === undefined ? null : (textField(received.body, 'reportId') ?? null),
      requestId,
      bodyHash: received.bodyHash,
      bodyBytes: received.bytes.length,
      body: keptBody(received),
      code: shown.code,
      httpStatus: shown.httpStatus,
      fault: fault?.kind ?? null,
      tookEffect: processed && answer.code === 0,
      repeats: this.#memory.repeats(requestId, received.bodyHash),
    };
    this.#nextSequence += 1;
    const all: readonly CloudChange[] = [...changes, { type: 'request', request }];
    for (const change of all) this.#memory.apply(change);
    await this.#journal?.append(all);
    return answer;
  }

  #requestId(received: ReceivedCall): string | null {
    const value = received.headers[this.#options.requestIdHeader ?? 'x-request-id'];
    return typeof value === 'string' ? value.slice(0, 200) : null;
  }

  async #reset(): Promise<void> {
    this.#memory.clear();
    await this.#journal?.rewrite();
  }
}

/** The whole body, or undefined when it is larger than the bound. */
async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Not destroyed on an early return, so that the refusal still goes out.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

function keptBody(received: ReceivedCall): JsonObject | null {
  if (received.body === undefined || received.bytes.length > KEPT_BODY_BYTES_MAX) return null;
  if (!isJsonObject(received.body) || !Object.hasOwn(received.body, PDF_FIELD)) return received.body;
  const { [PDF_FIELD]: _bytes, ...rest } = received.body;
  return rest;
}

/** Aborts when the sandbox ends or the client has gone. */
function abortedWith(response: ServerResponse, signal: AbortSignal): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('the client has gone')));
  return AbortSignal.any([signal, gone.signal]);
}
