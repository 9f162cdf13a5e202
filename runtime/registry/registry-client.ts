// One request to the schema registry and what its answer means. Owns undici here.
import { Pool } from 'undici';
import type { FailureCode } from '../../schemas/failure-codes.ts';
import type { Clock } from '../contracts/clock.ts';
import { ANSWER_ROWS } from './answer-table.ts';

/** A schema may have 256 K characters, each escaped in JSON. */
const ANSWER_BYTES_MAX = 1024 * 1024;
const SAID_CHARACTERS_MAX = 300;
const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';

export interface RegistryAccount {
  /** Where the Confluent-compatible API begins; without credentials. */
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** PEM; undefined: the system's authorities are trusted. */
  readonly authorities: string | undefined;
  /** Of one request, from its beginning to the last byte of its answer. */
  readonly timeoutMs: number;
}

export type RegistryAnswer =
  | { readonly type: 'answered'; readonly body: unknown }
  | { readonly type: 'absent' }
  | RegistryRefusal;

export interface RegistryRefusal {
  readonly type: 'failed';
  readonly code: FailureCode;
  /** It may pass by itself; else it needs a person. */
  readonly heals: boolean;
  /** 0 without an answer. */
  readonly httpStatus: number;
  /** A sentence for the operator, without its subject. */
  readonly message: string;
}

export class RegistryClient implements AsyncDisposable {
  readonly #account: RegistryAccount;
  readonly #clock: Clock;
  readonly #basePath: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #pool: Pool;

  constructor(account: RegistryAccount, clock: Clock) {
    const { origin, pathname } = new URL(account.url);
    const { username, password, authorities } = account;
    this.#account = account;
    this.#clock = clock;
    this.#basePath = pathname.replace(/\/+$/, '');
    const basic = Buffer.from(`${username}:${password ?? ''}`, 'utf8').toString('base64');
    this.#headers = {
      accept: `${MEDIA_TYPE}, application/json`,
      ...(username === undefined ? {} : { authorization: `Basic ${basic}` }),
    };
    this.#pool = new Pool(origin, {
      connections: 2,
      // The whole request has one time-out, below.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: {
        timeout: account.timeoutMs,
        rejectUnauthorized: true,
        minVersion: 'TLSv1.2',
        ...(authorities === undefined ? {} : { ca: authorities }),
      },
    });
  }

  get(path: string, signal?: AbortSignal): Promise<RegistryAnswer> {
    return this.#ask('GET', path, undefined, signal);
  }

  post(path: string, body: object, signal?: AbortSignal): Promise<RegistryAnswer> {
    return this.#ask('POST', path, JSON.stringify(body), signal);
  }

  /** Requests under way fail. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }

  /** Rejects only when `signal` aborts. */
  async #ask(
    method: 'GET' | 'POST',
    path: string,
    body: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<RegistryAnswer> {
    const late = new AbortController();
    const done = new AbortController();
    const { timeoutMs } = this.#account;
    this.#clock.sleep(timeoutMs, done.signal).then(
      () => late.abort(),
      () => {
        // The request has ended before its time.
      },
    );
    const ends = signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]);
    try {
      const response = await this.#pool.request({
        method,
        path: this.#basePath + path,
        headers: body === undefined ? this.#headers : { ...this.#headers, 'content-type': MEDIA_TYPE },
        body: body ?? null,
        signal: ends,
      });
      return this.#answer(response.statusCode, await boundedText(response.body));
    } catch (error) {
      signal?.throwIfAborted();
      return late.signal.aborted ? unanswered(`did not answer within ${timeoutMs} ms`) : connectionRefusal(error);
    } finally {
      done.abort();
    }
  }

  #answer(httpStatus: number, text: string | undefined): RegistryAnswer {
    const body = text === undefined ? undefined : parsed(text);
    const row = ANSWER_ROWS.find(({ from, to }) => httpStatus >= from && httpStatus <= to);
    if (row === undefined) throw new RangeError('an HTTP status has three digits');
    if (row.meaning === 'answered' && body !== undefined) return { type: 'answered', body };
    if (row.meaning === 'absent' && /^404\d\d$/.test(String(member(body, 'error_code')))) return { type: 'absent' };
    const reason = row.meaning === 'answered' ? 'but not as a schema registry does' : row.reason;
    const said = this.#said(member(body, 'message'));
    return {
      type: 'failed',
      code: row.code,
      heals: row.meaning === 'heals',
      httpStatus,
      message: `answers ${httpStatus}: ${reason}${said === '' ? '' : `. It says: ${said}`}`,
    };
  }

  /** What the registry says, for the operator at the start: it speaks of schemas, never of patients. */
  #said(message: unknown): string {
    const { password } = this.#account;
    if (typeof message !== 'string' || (password !== undefined && message.includes(password))) return '';
    return message.replace(/[^\x20-\x7e]+/g, ' ').slice(0, SAID_CHARACTERS_MAX);
  }
}

/** Undefined above the bound. */
async function boundedText(body: AsyncIterable<Buffer>): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    // Invariant 7: what is held of an answer is bounded. Leaving the loop closes the connection.
    if (bytes > ANSWER_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the caller says that it is no registry's answer.
    return undefined;
  }
}

/** A member of an object from outside; undefined where there is none. */
export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

function unanswered(message: string): RegistryRefusal {
  return { type: 'failed', code: 'registry.unreachable', heals: true, httpStatus: 0, message };
}

/** Codes of OpenSSL's verification, which have no common prefix, and of Node's identity check. */
const CERTIFICATE_CODE =
  /^(ERR_TLS_CERT|CERT_|UNABLE_TO_(GET|VERIFY|DECRYPT)|SELF_SIGNED|DEPTH_ZERO|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH)/;

function connectionRefusal(error: unknown): RegistryRefusal {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'no code';
  if (!CERTIFICATE_CODE.test(code)) return unanswered(`cannot be reached (${code})`);
  const message = `shows a certificate that is not trusted (${code})`;
  return { type: 'failed', code: 'registry.untrusted', heals: false, httpStatus: 0, message };
}
