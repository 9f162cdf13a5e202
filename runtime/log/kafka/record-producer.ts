/**
 * Appends records: what connectors tell their senders yes for.
 *
 * What has come while a request is on its way is the next request; a lone append goes at once. The entries of one append
 * stand in one record batch if they fit. A sender waits no longer than `appendTimeoutMs`, whatever it waits for: room,
 * its turn, a connection, the broker.
 *
 * 1. An append resolves when all replicas in sync have its entries (invariant 1).
 * 2. Entries and bytes that wait or are on their way are bounded (invariant 7, `append-gate.ts`).
 * 3. A request is produced again, unchanged and by the same session, while somebody waits for it; the broker tells the
 *    repeat (`produce-session.ts`). When nobody does, or the broker has lost track, the session is closed: what it had
 *    on its way may be stored or not, and nobody was told yes; it never comes behind what is stored later.
 * 4. A batch that the broker refuses for what it is (one record too large for the topic) is halved until the record is
 *    alone. Its neighbours are stored.
 * 5. While no broker answers, a session is tried for until there is one, whether or not anybody appends: that is how the
 *    log becomes writable again.
 */
import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import type { Entry, Position } from '../../../schemas/record-entry.ts';
import { type Clock, systemClock } from '../../contracts/clock.ts';
import { crashPoint } from '../../contracts/crash-point.ts';
import { LogError, type LogHealth } from '../../contracts/record-log.ts';
import type { Telemetry } from '../../contracts/telemetry.ts';
import { AppendGate } from '../append-gate.ts';
import type { IntakePressure } from '../tasks/intake-pressure.ts';
import { AppendJob } from './append-job.ts';
import { AppendRequest } from './append-request.ts';
import { kafkaErrorCode } from './kafka-client.ts';
import { partitionFor } from './partitioner.ts';
import type { Outcome, PartitionBatch, ProduceSession } from './produce-session.ts';
import type { ProducerIdentity } from './raw-produce.ts';

export interface RecordProducerOptions {
  /** `before`: of the session that was closed. */
  readonly open: (before: ProducerIdentity | undefined) => Promise<ProduceSession>;
  /** Full names by topic. */
  readonly topics: ReadonlyMap<string, string>;
  readonly partitions: number;
  /** What the topics take in one record batch. */
  readonly batchBytesMax: number;
  readonly appendTimeoutMs: number;
  /** Of the times that records get; all waiting is done by the system's clock. */
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly pressure: IntakePressure;
  /** Bounds on what is appended and not yet stored; an append beyond them waits. */
  readonly inFlightEntriesMax?: number;
  readonly inFlightBytesMax?: number;
}

const MEBIBYTE = 1024 * 1024;
const IN_FLIGHT_ENTRIES_MAX = 10_000;
const IN_FLIGHT_BYTES_MAX = 128 * MEBIBYTE;
/** Small enough to be encoded within a few milliseconds. */
const REQUEST_BYTES = MEBIBYTE;
const AGAIN_FIRST_MS = 20;
const AGAIN_MAX_MS = 1_000;
const REOPEN_FIRST_MS = 50;
const REOPEN_MAX_MS = 2_000;
/** Answers of a broker whose coordinators are still being loaded. */
const COORDINATOR_LOADS: ReadonlySet<string> = new Set([
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
]);
const COORDINATOR_WAIT_MS = 15_000;
const COORDINATOR_LOOK_MS = 200;

export class RecordProducer {
  readonly #options: RecordProducerOptions;
  readonly #gate: AppendGate;
  readonly #requestBytes: number;
  /** Ends what runs in the background, once every append is settled. */
  readonly #closed = new AbortController();
  /** Not settled, in the order of their deadlines. */
  readonly #waiting = new Set<AppendJob>();
  #queue: AppendJob[] = [];
  #request: AppendRequest | undefined;
  #pumping: Promise<void> | undefined;
  #watching = false;
  #closing: Promise<void> | undefined;
  #session: ProduceSession | undefined;
  #before: ProducerIdentity | undefined;
  #opening: Promise<ProduceSession | undefined> | undefined;
  #available = true;
  /** Of the last failure since something was stored. */
  #failureCode: string | undefined;

  constructor(options: RecordProducerOptions) {
    this.#options = options;
    this.#gate = new AppendGate(
      options.inFlightEntriesMax ?? IN_FLIGHT_ENTRIES_MAX,
      options.inFlightBytesMax ?? IN_FLIGHT_BYTES_MAX,
    );
    this.#requestBytes = Math.min(REQUEST_BYTES, options.batchBytesMax);
  }

  /** Rejects with kafkajs' error when no broker answers. */
  async start(): Promise<void> {
    const giveUpAtMs = systemClock.monotonicMs() + COORDINATOR_WAIT_MS;
    while (this.#session === undefined) {
      try {
        this.#session = await this.#options.open(this.#before);
      } catch (error) {
        // A broker that has just started gives no producer id yet.
        const soon = COORDINATOR_LOADS.has(kafkaErrorCode(error)) && systemClock.monotonicMs() < giveUpAtMs;
        if (!soon || this.#closed.signal.aborted) throw error;
        await this.#pause(COORDINATOR_LOOK_MS);
      }
    }
  }

  /** Of appends that wait in the queue or are on their way. */
  get heldBytes(): number {
    return this.#gate.bytes;
  }

  health(): LogHealth {
    if (this.#closing !== undefined) return { writable: false, code: 'log.closed' };
    return this.#available ? { writable: true } : { writable: false, code: 'log.unavailable' };
  }

  /**
   * Rejects with a `LogError`: `log.unavailable` when the entries are not known to be stored in time, `log.closed`, or
   * a `RecordRefused`. Aborted, it rejects with the signal's reason; what is on its way may be stored none the less.
   */
  async append(entries: readonly Entry[], signal: AbortSignal): Promise<readonly Position[]> {
    signal.throwIfAborted();
    if (this.#closing !== undefined) throw new LogError('log.closed');
    const { topics, batchBytesMax, appendTimeoutMs, pressure } = this.#options;
    for (const { topic } of entries) assert(topics.has(topic), `${topic} is in the topic table`);
    if (entries.length === 0) return [];
    crashPoint('append.before');
    const job = new AppendJob(entries, batchBytesMax, systemClock.monotonicMs() + appendTimeoutMs);
    const withdraw = (): void => job.reject(signal.reason);
    // A sender may have many appends on its way.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', withdraw, { once: true });
    pressure.appendBegan(entries.length);
    try {
      if (!job.settled) this.#wait(job);
      const positions = await job.done;
      crashPoint('append.after');
      return positions;
    } finally {
      this.#waiting.delete(job);
      pressure.appendSettled();
      signal.removeEventListener('abort', withdraw);
    }
  }

  /** Takes nothing more; what was appended is stored, or gives up in its time. */
  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  async #finish(): Promise<void> {
    await Promise.allSettled([...this.#waiting].map(async ({ done }) => await done));
    this.#closed.abort(new LogError('log.closed'));
    await this.#pumping;
    await this.#opening;
    await this.#session?.close();
  }

  #wait(job: AppendJob): void {
    this.#waiting.add(job);
    if (!this.#watching) void this.#watch();
    if (this.#gate.tryEnter(job.count, job.bytes)) this.#enqueue(job);
    else void this.#enter(job);
  }

  async #enter(job: AppendJob): Promise<void> {
    const withdrawn = new AbortController();
    job.onRejected = () => withdrawn.abort();
    try {
      // Invariant 7.
      await this.#gate.enter(job.count, job.bytes, withdrawn.signal);
    } catch {
      // It was rejected meanwhile: nothing was taken.
      return;
    }
    if (job.settled) this.#gate.leave(job.count, job.bytes);
    else this.#enqueue(job);
  }

  #enqueue(job: AppendJob): void {
    job.place = 'queued';
    job.onRejected = () => this.#rejected(job);
    this.#queue.push(job);
    // At the end of this turn: what other connections have read in it goes along.
    this.#pumping ??= new Promise<void>((resolve) => setImmediate(resolve)).then(async () => await this.#pump());
  }

  #rejected(job: AppendJob): void {
    if (job.place === 'queued') this.#release(job);
    else if (job.place === 'sent') this.#request?.jobRejected();
  }

  #release(job: AppendJob): void {
    job.place = 'gone';
    this.#gate.leave(job.count, job.bytes);
  }

  async #pump(): Promise<void> {
    for (let request = this.#nextRequest(); request !== undefined; request = this.#nextRequest()) {
      this.#request = request;
      await this.#deliver(request);
      this.#request = undefined;
      for (const job of request.jobs) {
        if (job.settled) this.#release(job);
        else job.place = 'queued';
      }
    }
    this.#pumping = undefined;
  }

  /** As many appends as go into one request; of one that is larger than that, a part. */
  #nextRequest(): AppendRequest | undefined {
    const request = new AppendRequest();
    const timestamp = this.#options.clock.nowMs();
    let room = this.#requestBytes;
    let at = 0;
    for (; at < this.#queue.length; at += 1) {
      const job = this.#queue[at];
      if (job === undefined || job.settled) continue;
      if (request.entries > 0 && job.bytesLeft > room) break;
      job.place = 'sent';
      while (!job.taken && (request.entries === 0 || job.nextBytes <= room)) {
        room -= job.nextBytes;
        this.#take(job, request, timestamp);
      }
      if (!job.taken) break;
    }
    this.#queue = this.#queue.slice(at);
    return request.entries > 0 ? request : undefined;
  }

  #take(job: AppendJob, request: AppendRequest, timestamp: number): void {
    const { topics, partitions } = this.#options;
    const index = job.next;
    const entry = job.take();
    const topic = topics.get(entry.topic);
    assert(topic !== undefined, 'an append has looked its topics up');
    request.add(job, topic, partitionFor(entry.partitionKey, partitions), entry, index, timestamp);
  }

  /** Until everything is stored or refused, or nobody waits for it. */
  async #deliver(request: AppendRequest): Promise<void> {
    const begunMs = systemClock.monotonicMs();
    let pauseMs = AGAIN_FIRST_MS;
    while (!request.isSettled && !request.isAbandoned) {
      const session = this.#session ?? (await Promise.race([this.#opened(), request.abandoned]));
      if (session === undefined) return;
      crashPoint('flush.before');
      const { batches } = request;
      const outcomes = await Promise.race([session.produce(batches), request.abandoned]);
      crashPoint('flush.after');
      const again = this.#settle(request, batches, outcomes ?? []);
      if (request.isSettled) break;
      if (outcomes === undefined || again === 'lost') this.#discard(session);
      else if (again === 'again') {
        await Promise.race([this.#pause(pauseMs), request.abandoned]);
        pauseMs = Math.min(pauseMs * 2, AGAIN_MAX_MS);
        if (request.isAbandoned) this.#discard(session);
      }
    }
    if (request.isSettled) this.#noteStored(request, begunMs);
  }

  /** What the worst of the outcomes asks for. */
  #settle(
    request: AppendRequest,
    batches: readonly PartitionBatch[],
    outcomes: readonly Outcome[],
  ): 'again' | 'lost' | undefined {
    let worst: 'again' | 'lost' | undefined;
    for (const [at, outcome] of outcomes.entries()) {
      const batch = batches[at];
      assert(batch !== undefined, 'a session gives one outcome a batch');
      request.settle(batch, outcome);
      if (outcome.kind === 'stored') continue;
      this.#failureCode = outcome.code;
      if (outcome.kind === 'refused') continue;
      if (worst !== 'lost') worst = outcome.kind;
    }
    return worst;
  }

  #noteStored(request: AppendRequest, begunMs: number): void {
    this.#available = true;
    this.#failureCode = undefined;
    this.#options.telemetry.record('log.group_committed', {
      appends: request.jobs.length,
      commits: 0,
      writes: request.entries,
      tookSeconds: (systemClock.monotonicMs() - begunMs) / 1_000,
    });
  }

  #discard(session: ProduceSession): void {
    if (this.#session === session) this.#session = undefined;
    this.#before = session.identity;
    void session.close();
    void this.#opened();
  }

  #opened(): Promise<ProduceSession | undefined> {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** Tries until there is a session, or the log is closed. */
  async #open(): Promise<ProduceSession | undefined> {
    for (let pauseMs = REOPEN_FIRST_MS; !this.#closed.signal.aborted; pauseMs = Math.min(pauseMs * 2, REOPEN_MAX_MS)) {
      try {
        this.#session = await this.#options.open(this.#before);
        this.#available = true;
        return this.#session;
      } catch (error) {
        this.#available = false;
        this.#failureCode = kafkaErrorCode(error);
      }
      await this.#pause(pauseMs);
    }
    return undefined;
  }

  /** Ends early when the log is closed. */
  async #pause(durationMs: number): Promise<void> {
    await systemClock.sleep(durationMs, this.#closed.signal).catch(() => {});
  }

  /** Rejects what has waited too long; one timer for all appends. */
  async #watch(): Promise<void> {
    this.#watching = true;
    while (!this.#closed.signal.aborted) {
      const [oldest] = this.#waiting;
      if (oldest === undefined) break;
      const leftMs = oldest.deadlineMs - systemClock.monotonicMs();
      if (leftMs > 0) await this.#pause(leftMs);
      else this.#expire();
    }
    this.#watching = false;
  }

  /** Invariant 1: whether they are stored is not known, so nobody is told yes. */
  #expire(): void {
    const nowMs = systemClock.monotonicMs();
    const code = this.#failureCode ?? 'timeout';
    this.#available = false;
    let entries = 0;
    for (const job of this.#waiting) {
      if (job.deadlineMs > nowMs) break;
      this.#waiting.delete(job);
      entries += job.count;
      job.reject(new LogError('log.unavailable', { cause: new Error(code) }));
    }
    this.#options.telemetry.record('kafka.append_failed', { entries, code, tookMs: this.#options.appendTimeoutMs });
  }
}
