/**
 * Sends what is due: the I/O of the cloud sink.
 *
 * The state is the queue; this file holds only what is under way. An attempt is made in four steps:
 *
 *   due index ─► report `begins` ─► committed: stands in `flights` ─► send, read ─► report `ended` ─► committed
 *
 * 1. Why a beginning is committed before the first byte. After `kill -9` between sending and settling, the next start
 *    must know that the request may have arrived: a newer revision has to wait out the attempt's deadline (invariant 4),
 *    and a cloud that answers "duplicate" means our own attempt only if there was one. "Everything that was due may
 *    have been sent" would need no commit, but would take each refused update of a backlog for delivered. The price is
 *    one small write an attempt and one commit for all attempts that begin together; deliveries overlap it.
 * 2. A flight found at the start has no owner any more: it is settled as ambiguous before anything is sent.
 * 3. A study has at most one flight, and stays taken until its end is committed, so attempts of one study begin in the
 *    order of the queue.
 * 4. The deadline is counted from before the commit of the beginning. An attempt whose commit took longer is not made.
 * 5. A process that stood still (SIGSTOP, a paused machine) may have lost its partition to another owner. When the
 *    monotonic clock shows a gap longer than the lease, every socket is aborted before anything else is done, and a
 *    connection that comes up after the gap is closed unused. What remains: bytes that the kernel already had.
 *
 * Due times are wall times, since they outlive the process; a wall clock set back by an hour delays by an hour what had
 * a later due time. Nothing is lost or doubled by it.
 */
import type { Effects } from '../../runtime/contracts/task.ts';
import { type AttemptEnd, readEnd, readSkewMs, type Verdict, verdictOf } from './answer-reader.ts';
import type { CloudReport } from './attempt-settlement.ts';
import { ByteBudget } from './byte-budget.ts';
import type { CloudAccount } from './cloud-account.ts';
import { CloudClient } from './cloud-client.ts';
import type { CloudSinkOptions } from './cloud-sink-options.ts';
import type { Flight } from './delivery-state.ts';
import { type CloudView, laneKey, parseDueKey, siteKey } from './delivery-state.ts';
import { buildCall } from './request-builder.ts';
import { OTHER_ROWS } from './response-table.ts';
import { signingHeaders } from './signature.ts';
import { gateOf } from './site-gate.ts';

/** The longest time between two looks at the clock, and the gap after which the sender no longer trusts itself. */
const BEAT_MS = 1_000;
const LEASE_MS = 5_000;
/** How long a drain waits for answers that are still to come; what has none by then is sent again by the next start. */
const DRAIN_MS = 3_000;
/** Documents under way, as they are and as base64. */
const DOCUMENT_BYTES_MAX = 128 * 1024 * 1024;
const BYTES_PER_DOCUMENT_BYTE = 4;
const SKEW_MAX_MS = 60_000;
const SKEW_WARNED_EVERY_MS = 10 * 60_000;

/** A site and what is under way for it. */
interface Line {
  readonly site: string;
  readonly account: CloudAccount;
  readonly client: CloudClient;
  /** Studies from the moment their attempt is chosen until its end is committed. */
  readonly taken: Set<string>;
  skewWarnedAtMs: number;
}

/** When an attempt began, monotonic, and how often the lease had lapsed by then. */
interface Beginning {
  readonly atMs: number;
  readonly lapses: number;
}

export class CloudSender implements Effects {
  readonly name = 'cloud.sender';
  readonly ended: Promise<void>;
  readonly #options: CloudSinkOptions;
  readonly #state: CloudView;
  readonly #report: (report: CloudReport) => Promise<void>;
  readonly #lines: readonly Line[];
  readonly #documents = new ByteBudget(DOCUMENT_BYTES_MAX);
  /** Attempts from choice to committed end, of all sites. */
  readonly #working = new Set<Promise<void>>();
  readonly #gauges: (() => void)[] = [];
  #phase: 'made' | 'sending' | 'draining' | 'ended' = 'made';
  #recovered = false;
  #looking = false;
  #lastBeatMs: number;
  /** How often the lease has lapsed: what began before a lapse is not sent after it. */
  #lapses = 0;
  #sleeping: { readonly untilMs: number; readonly alarm: AbortController } | undefined;
  #finish: () => void = () => {};
  #fail: (error: unknown) => void = () => {};

  constructor(options: CloudSinkOptions, state: CloudView, report: (report: CloudReport) => Promise<void>) {
    this.#options = options;
    this.#state = state;
    this.#report = report;
    this.#lastBeatMs = options.clock.monotonicMs();
    this.#lines = [...options.sites].map(([site, account]) => ({
      site,
      account,
      client: new CloudClient(account, options.clock, () => this.#mayBegin()),
      taken: new Set(),
      skewWarnedAtMs: Number.NEGATIVE_INFINITY,
    }));
    this.ended = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    // Whoever owns the sender looks at `ended`; until then a failure is no unhandled rejection.
    this.ended.catch(() => {});
  }

  async start(): Promise<void> {
    if (this.#phase !== 'made') return;
    this.#phase = 'sending';
    this.#lastBeatMs = this.#options.clock.monotonicMs();
    for (const { site } of this.#lines) {
      const read = (): number => this.#state.sites.get(siteKey(site))?.waiting ?? 0;
      this.#gauges.push(
        this.#options.telemetry.gauge('cloud_requests_waiting', 'Requests that wait to be sent.', { site }, read),
      );
    }
    // Not awaited: the reports are committed by the one that starts this service.
    this.#work(this.#recover());
  }

  wake(): void {
    this.#sendSoon();
  }

  async drain(deadline: AbortSignal): Promise<void> {
    if (this.#phase === 'made' || this.#phase === 'ended') return this.#end();
    if (this.#phase === 'sending') {
      this.#phase = 'draining';
      this.#sleeping?.alarm.abort();
    }
    await this.#answersOr(deadline);
    await this.#end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }

  /** One look at the queue for all that a commit has settled, so that what begins, begins together. */
  #sendSoon(): void {
    if (this.#looking) return;
    this.#looking = true;
    setImmediate(() => {
      this.#looking = false;
      this.#sendDue();
    });
  }

  /** Invariant 7: reads at most one index entry more than there is room for attempts. */
  #sendDue(): void {
    if (this.#phase !== 'sending' || !this.#recovered) return;
    this.#beat();
    const nowMs = this.#options.clock.nowMs();
    let nextMs = nowMs + BEAT_MS;
    for (const line of this.#lines) nextMs = Math.min(nextMs, this.#sendDueOf(line, nowMs));
    this.#sleepUntil(nextMs, nowMs);
  }

  /** Returns when there is something to look at again. */
  #sendDueOf(line: Line, nowMs: number): number {
    const { site, account, taken } = line;
    const gate = gateOf(this.#state.sites.get(siteKey(site)), account);
    if (gate.opensAtMs > nowMs) return gate.opensAtMs;
    const room = gate.roomMax - taken.size;
    if (room <= 0) return Number.POSITIVE_INFINITY;
    const studyKeys: string[] = [];
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [key] of this.#state.due.range(siteKey(site))) {
      const { dueMs, studyKey } = parseDueKey(site, key);
      if (dueMs > nowMs) {
        nextMs = dueMs;
        break;
      }
      if (taken.has(studyKey)) continue;
      studyKeys.push(studyKey);
      if (studyKeys.length >= room) break;
    }
    if (studyKeys.length > 0) {
      for (const studyKey of studyKeys) taken.add(studyKey);
      this.#work(this.#begin(line, studyKeys, nowMs));
    }
    return nextMs;
  }

  async #begin(line: Line, studyKeys: readonly string[], atMs: number): Promise<void> {
    const beginning = { atMs: this.#options.clock.monotonicMs(), lapses: this.#lapses };
    await this.#report({ type: 'begins', site: line.site, studyKeys, atMs });
    for (const studyKey of studyKeys) {
      const flight = this.#state.flights.get(laneKey(line.site, studyKey));
      if (flight === undefined) line.taken.delete(studyKey);
      else this.#work(this.#deliver(line, studyKey, flight, beginning));
    }
  }

  async #deliver(line: Line, studyKey: string, flight: Flight, beginning: Beginning): Promise<void> {
    const heldBytes = flight.documentBytes * BYTES_PER_DOCUMENT_BYTE;
    if (heldBytes > 0) await this.#documents.take(heldBytes);
    let verdict: Verdict;
    try {
      verdict = await this.#attempt(line, flight, beginning);
    } finally {
      if (heldBytes > 0) this.#documents.giveBack(heldBytes);
    }
    // Its end is not known here, or nobody is left to commit it: the flight stays, and the next start settles it.
    if (this.#phase === 'ended') return;
    const { site } = line;
    await this.#report({ type: 'ended', site, studyKey, requestId: flight.requestId, verdict });
    line.taken.delete(studyKey);
    this.#sendSoon();
  }

  async #attempt(line: Line, flight: Flight, beginning: Beginning): Promise<Verdict> {
    const { clock, codec } = this.#options;
    const { site, account } = line;
    const leftMs = account.timeoutMs - (clock.monotonicMs() - beginning.atMs);
    this.#beat();
    if (leftMs <= 0 || this.#lapses !== beginning.lapses || this.#phase !== 'sending') {
      return verdictOf(OTHER_ROWS.not_sent, null, null);
    }
    const stored = this.#state.requests.get(flight.requestKey);
    const request = stored === undefined ? undefined : codec.decode('cloud.requests', stored.bytes);
    if (request === undefined || !request.ok) return unbuildable('cloud.body_unreadable');
    const call = buildCall(request.value, account, (hash) => this.#state.documents.get(`${site}/${hash}`));
    if (!call.ok) return unbuildable(call.failure.code);
    const { path, body } = call.value;
    // Invariant 5: signed afresh, with the same id and the same bytes at each attempt.
    const headers = {
      ...signingHeaders(account.appId, account.token, clock.nowMs()),
      'x-request-id': flight.requestId,
    };
    const end = await line.client.attempt({ path, body, headers }, leftMs);
    this.#noteAnswer(line, end, beginning.atMs);
    return readEnd(end, body, clock.nowMs());
  }

  #noteAnswer(line: Line, end: AttemptEnd, beganAtMs: number): void {
    const { clock, telemetry } = this.#options;
    const { site } = line;
    const nowMs = clock.monotonicMs();
    telemetry.record('cloud.answered', { site, tookSeconds: (nowMs - beganAtMs) / 1_000 });
    const skewMs = readSkewMs(end, clock.nowMs());
    if (skewMs === undefined || Math.abs(skewMs) <= SKEW_MAX_MS) return;
    if (nowMs - line.skewWarnedAtMs < SKEW_WARNED_EVERY_MS) return;
    line.skewWarnedAtMs = nowMs;
    telemetry.record('cloud.clock_skewed', { site, skewSeconds: Math.round(skewMs / 1_000) });
  }

  /** Settles what an owner before this one began: whether it arrived is not known. */
  async #recover(): Promise<void> {
    const verdict = verdictOf(OTHER_ROWS.unsettled, null, null);
    for (const { site } of this.#lines) {
      const flights = [...this.#state.flights.range(siteKey(site))];
      const reports = flights.map(([key, { requestId }]) =>
        this.#report({ type: 'ended', site, studyKey: key.slice(site.length + 1), requestId, verdict }),
      );
      await Promise.all(reports);
    }
    this.#recovered = true;
    this.#sendSoon();
  }

  // Invariant 4: a sender whose monotonic clock has jumped past its lease aborts its sockets before anything else.
  #beat(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const stoodStillMs = nowMs - this.#lastBeatMs;
    this.#lastBeatMs = nowMs;
    if (stoodStillMs <= LEASE_MS) return;
    this.#lapses += 1;
    const aborted = this.#lines.reduce((total, { client }) => total + client.abandon(), 0);
    if (aborted === 0) return;
    this.#options.telemetry.record('cloud.lease_lapsed', { stoodStillSeconds: stoodStillMs / 1_000, aborted });
  }

  /** For a connection that has just come up: not after a gap, in which its request was given up. */
  #mayBegin(): boolean {
    const lapses = this.#lapses;
    this.#beat();
    return this.#lapses === lapses && this.#phase !== 'ended';
  }

  #sleepUntil(untilMs: number, nowMs: number): void {
    if (this.#sleeping !== undefined && this.#sleeping.untilMs <= untilMs && this.#sleeping.untilMs > nowMs) return;
    this.#sleeping?.alarm.abort();
    const alarm = new AbortController();
    this.#sleeping = { untilMs, alarm };
    this.#options.clock.sleep(Math.max(1, untilMs - nowMs), alarm.signal).then(
      () => {
        this.#sleeping = undefined;
        this.#sendDue();
      },
      () => {
        // Replaced by an earlier alarm, or the sender drains.
      },
    );
  }

  #work(work: Promise<void>): void {
    const guarded = work.catch((error: unknown) => {
      // A report that is not taken means that the task has ended: what was under way is settled by its next owner.
      if (this.#phase === 'sending') this.#fail(error);
      void this.#end();
    });
    this.#working.add(guarded);
    void guarded.finally(() => this.#working.delete(guarded));
  }

  /** Waits for what is under way, for the time of a drain, or until the deadline. */
  async #answersOr(deadline: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const signal = AbortSignal.any([deadline, stop.signal]);
    const over = this.#options.clock.sleep(DRAIN_MS, signal).catch(() => {
      // The deadline came first, or everything was answered.
    });
    const answered = (async () => {
      while (this.#working.size > 0) await Promise.all(this.#working);
    })();
    await Promise.race([over, answered]);
    stop.abort();
  }

  async #end(): Promise<void> {
    if (this.#phase !== 'ended') {
      this.#phase = 'ended';
      this.#sleeping?.alarm.abort();
      for (const giveBack of this.#gauges) giveBack();
      this.#finish();
    }
    await Promise.all(this.#lines.map((line) => line.client.destroy()));
  }
}

/** The request cannot be made from what is here, whoever tries. */
function unbuildable(failureCode: NonNullable<Verdict['failureCode']>): Verdict {
  return {
    course: 'park',
    kind: 'permanent',
    failureCode,
    cloudCode: null,
    httpStatus: null,
    retryAfterMs: null,
    namedFields: [],
  };
}
