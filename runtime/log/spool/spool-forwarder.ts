/**
 * Forwards the embedded log to Kafka, in order and exactly once.
 *
 * 1. A slice of records and the cursor behind it are one transaction (`transfer-session.ts`). Whatever goes wrong ends
 *    the session; the next one fences it, reads the cursor back and goes on there. Nothing is held but one slice.
 * 2. Slices follow one another, so records of a partition keep their order.
 * 3. The link may be away for days: the forwarder starts without it, tries again with growing pauses, and tells of a
 *    trouble that lasts. Senders notice nothing until the disk's reserve is reached.
 * 4. When cluster and embedded log contradict one another nothing is forwarded (`spool-cursor.ts`): intake goes on, a
 *    human decides.
 * 5. A record that Kafka refuses for good must not hold up the rest: it is tried alone, then it becomes a dead letter on
 *    Kafka, with the first of its bytes and its embedded position, where it stays whole as long as retention keeps it.
 */
import type { RecordCodec } from '../../../codecs/avro/record-codec.ts';
import { parseSite } from '../../../schemas/identifiers.ts';
import type { Clock } from '../../contracts/clock.ts';
import { EnvironmentError } from '../../contracts/environment-error.ts';
import { LogError, type StoredRecord } from '../../contracts/record-log.ts';
import type { Service } from '../../contracts/service.ts';
import type { Telemetry } from '../../contracts/telemetry.ts';
import type { EmbeddedLog } from '../embedded/embedded-log.ts';
import { kafkaErrorCode } from '../kafka/kafka-client.ts';
import type { KafkaLayout } from '../kafka/kafka-options.ts';
import { type KafkaNames, kafkaNames } from '../kafka/topic-names.ts';
import type { TransferSession } from '../kafka/transfer-session.ts';
import { deadLetter } from '../tasks/dead-letter.ts';
import { Wakeup } from '../tasks/wakeup.ts';
import { cursorBytes, cursorOf, SPOOLED_TOPICS, type SpoolPlaces } from './spool-cursor.ts';
import { placesAfter, type SliceBound, SpoolReader } from './spool-reader.ts';
import { transferMessage } from './transfer-message.ts';

export interface SpoolForwarderOptions {
  readonly embedded: EmbeddedLog;
  readonly layout: KafkaLayout;
  readonly spoolId: string;
  readonly onContradiction: 'refuse' | 'continue';
  readonly codec: RecordCodec;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly open: (cursorKey: string, signal: AbortSignal) => Promise<TransferSession>;
}

const SLICE: SliceBound = { records: 1_000, bytes: 1024 * 1024 };
const SINGLE: SliceBound = { records: 1, bytes: 1 };
const PAUSE_FIRST_MS = 250;
const PAUSE_MAX_MS = 30_000;
/** A broker's restart and a lost packet need not be told of. */
const TOLD_AFTER_MS = 60_000;
const DEAD_LETTER_BYTES_MAX = 64 * 1024;

/** Answers by which the same record will be refused each time. */
const REFUSALS: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
]);

export class SpoolForwarder implements Service {
  readonly name = 'spool';
  readonly ended: Promise<void>;
  readonly #options: SpoolForwarderOptions;
  readonly #names: KafkaNames;
  readonly #grown = new Wakeup();
  readonly #reader: SpoolReader;
  readonly #stop = new AbortController();
  readonly #gauges: (() => void)[] = [];
  #settle: { readonly resolve: () => void; readonly reject: (reason: unknown) => void } | undefined;
  #running: Promise<void> | undefined;
  #draining = false;
  /** Undefined while there is no session. */
  #places: SpoolPlaces | undefined;
  #oldestAtMs: number | undefined;
  #failure: { readonly sinceMs: number; told: boolean; tries: number } | undefined;
  /** Records still to be tried one a transaction, since one of a slice was refused. */
  #singly = 0;
  #refused: { readonly topic: string; readonly offset: bigint; readonly code: string } | undefined;

  constructor(options: SpoolForwarderOptions) {
    this.#options = options;
    this.#names = kafkaNames(options.layout.topicPrefix);
    this.#reader = new SpoolReader(options.embedded, () => this.#grown.notify());
    this.ended = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Who waits for the end sees the reason; without a listener it must not end the process by the wrong door.
    this.ended.catch(() => {});
  }

  async start(signal: AbortSignal): Promise<void> {
    if (this.#running !== undefined) return;
    const { telemetry, spoolId, clock } = this.#options;
    const identity = await this.#reader.identity();
    signal.throwIfAborted();
    this.#oldestAtMs = await this.#reader.oldestAtMs(undefined);
    const waiting = (): number => this.#reader.waiting(this.#places);
    const age = (): number => (this.#oldestAtMs === undefined ? 0 : (clock.nowMs() - this.#oldestAtMs) / 1_000);
    this.#gauges.push(
      telemetry.gauge('spool_waiting_records', 'Records accepted here and not yet on Kafka.', {}, waiting),
      telemetry.gauge('spool_oldest_seconds', 'Age of the oldest record that is not yet on Kafka.', {}, age),
    );
    this.#running = this.#run(`spool/${spoolId}/${identity}`).then(
      () => this.#settle?.resolve(),
      (error: unknown) => this.#settle?.reject(error),
    );
  }

  /** Forwards what it can; what is left is forwarded at the next start. Without the link it ends at once. */
  async drain(deadline: AbortSignal): Promise<void> {
    this.#draining = true;
    this.#grown.notify();
    if (this.#failure !== undefined) this.#stop.abort(new LogError('log.closed'));
    const abandon = (): void => this.#stop.abort(new LogError('log.closed'));
    if (deadline.aborted) abandon();
    deadline.addEventListener('abort', abandon, { once: true });
    try {
      await Promise.race([this.#running, aborted(this.#stop.signal)]);
    } finally {
      deadline.removeEventListener('abort', abandon);
      this.#stop.abort(new LogError('log.closed'));
      for (const remove of this.#gauges.splice(0)) remove();
      this.#settle?.resolve();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain(AbortSignal.abort());
  }

  async #run(cursorKey: string): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      let session: TransferSession | undefined;
      try {
        const startedMs = clock.monotonicMs();
        session = await this.#options.open(cursorKey, signal);
        this.#places = await this.#agreedPlaces(session);
        this.#telemetryConnected(startedMs);
        await this.#forward(session);
        await session[Symbol.asyncDispose]();
        return;
      } catch (error) {
        // Not waited for: a connection that hangs must not hold up the next one, or the end.
        void abandoned(session);
        this.#places = undefined;
        if (signal.aborted || this.#draining || isEndOfLog(error)) return;
        await this.#failed(error);
      }
      const tries = this.#failure?.tries ?? 0;
      const pauseMs = tries === 0 ? 0 : Math.min(PAUSE_MAX_MS, PAUSE_FIRST_MS * 2 ** Math.min(tries - 1, 16));
      // Aborted: the loop ends at its next look.
      if (pauseMs > 0) await clock.sleep(pauseMs, signal).catch(() => {});
    }
  }

  /** Where to go on; rejects where the two sides contradict one another. */
  async #agreedPlaces(session: TransferSession): Promise<SpoolPlaces> {
    const { layout, onContradiction, telemetry } = this.#options;
    const topics = SPOOLED_TOPICS.map((topic) => this.#names.topic(topic));
    const partitions = await session.reader.offsets(topics, 'first');
    if (topics.some((topic) => partitions.get(topic)?.length !== layout.partitions)) {
      throw new EnvironmentError('kafka.topics_differ', `the topics have not ${layout.partitions} partitions each`);
    }
    const places = session.cursor === undefined ? undefined : cursorOf(session.cursor);
    const contradiction = await this.#reader.contradiction(places);
    if (contradiction === undefined) return places ?? new Map();
    const { code, topic, embedded, cluster } = contradiction;
    const fields = { code, topic, embedded: String(embedded), cluster: String(cluster) };
    if (onContradiction === 'refuse') {
      if (this.#failure === undefined) telemetry.record('spool.refuses_to_go_on', fields);
      throw new EnvironmentError(code, `the spool and the Kafka cluster contradict one another at ${topic}`);
    }
    telemetry.record('spool.went_on', fields);
    return new Map(SPOOLED_TOPICS.map((name) => [name, { next: this.#reader.noted(name), lastAppendedAtMs: null }]));
  }

  /** Resolves when drained; rejects when the session is of no more use. */
  async #forward(session: TransferSession): Promise<void> {
    const { clock, telemetry } = this.#options;
    const { signal } = this.#stop;
    let places = this.#places ?? new Map();
    while (!signal.aborted) {
      const records = await this.#reader.slice(places, this.#singly > 0 ? SINGLE : SLICE);
      this.#oldestAtMs = records.reduce<number | undefined>(
        (oldest, { appendedAtMs }) => (oldest === undefined ? appendedAtMs : Math.min(oldest, appendedAtMs)),
        undefined,
      );
      if (records.length === 0) {
        if (this.#draining) return;
        await this.#grown.wait();
        continue;
      }
      const startedMs = clock.monotonicMs();
      const next = placesAfter(places, records);
      const messages = records.map((record) =>
        transferMessage(this.#standIn(record), this.#names, this.#options.layout),
      );
      try {
        await session.commit(messages, cursorBytes(next));
      } catch (error) {
        this.#noteRefusal(records, error);
        throw error;
      }
      places = next;
      this.#places = next;
      this.#committed(records);
      let bytes = 0;
      for (const { value } of messages) bytes += value?.length ?? 0;
      const tookMs = clock.monotonicMs() - startedMs;
      telemetry.record('spool.forwarded', { records: records.length, bytes, tookMs });
      await this.#note(places);
    }
  }

  /** The record, or the dead letter in its place. */
  #standIn(record: StoredRecord): StoredRecord | ReturnType<typeof deadLetter> {
    const { codec, clock } = this.#options;
    const refused = this.#refused;
    if (refused === undefined || !isAt(record, refused)) return record;
    const value = record.value?.subarray(0, DEAD_LETTER_BYTES_MAX) ?? null;
    const site = record.headers.get('site') ?? record.key;
    const headers = parseSite(site) === undefined ? new Map() : record.headers;
    return deadLetter(
      codec,
      'spool',
      { ...record, value, headers },
      {
        kind: 'permanent',
        code: 'spool.record_refused',
        message: `Kafka refused the record for good (${refused.code}); its first ${DEAD_LETTER_BYTES_MAX} bytes are here, the whole stands in the embedded log`,
      },
      clock.nowMs(),
    );
  }

  #noteRefusal(records: readonly StoredRecord[], error: unknown): void {
    const code = kafkaErrorCode(error);
    const [record] = records;
    if (!REFUSALS.has(code) || record === undefined) return;
    if (records.length > 1) this.#singly = records.length;
    else this.#refused ??= { topic: record.position.topic, offset: record.position.offset, code };
  }

  #committed(records: readonly StoredRecord[]): void {
    const { clock, telemetry } = this.#options;
    const refused = this.#refused;
    const record = refused === undefined ? undefined : records.find((one) => isAt(one, refused));
    if (refused !== undefined && record !== undefined) {
      const { topic, offset, code } = refused;
      const bytes = record.value?.length ?? 0;
      telemetry.record('spool.record_refused', { topic, offset: String(offset), code, bytes });
      this.#refused = undefined;
    }
    this.#singly = Math.max(0, this.#singly - records.length);
    if (this.#failure?.told === true) {
      const failedMs = clock.monotonicMs() - this.#failure.sinceMs;
      telemetry.record('spool.link_restored', { failedMs, waiting: this.#reader.waiting(this.#places) });
    }
    this.#failure = undefined;
  }

  async #note(places: SpoolPlaces): Promise<void> {
    try {
      await this.#reader.note(places);
    } catch (error) {
      // The copy may be behind; the truth stands on Kafka.
      if (!(error instanceof LogError && error.code === 'log.full')) throw error;
    }
  }

  async #failed(error: unknown): Promise<void> {
    const { clock, telemetry } = this.#options;
    const code = kafkaErrorCode(error);
    const nowMs = clock.monotonicMs();
    this.#failure ??= { sinceMs: nowMs, told: false, tries: 0 };
    // What was refused is tried otherwise at once; when that is refused too it is a trouble like any other.
    const first = this.#failure.tries === 0 && (this.#singly > 0 || this.#refused !== undefined);
    this.#failure.tries += first && REFUSALS.has(code) ? 0 : 1;
    const failingMs = nowMs - this.#failure.sinceMs;
    if (!this.#failure.told && failingMs >= TOLD_AFTER_MS) {
      this.#failure.told = true;
      telemetry.record('spool.link_failing', { code, failingMs, waiting: this.#reader.waiting(undefined) });
    }
    this.#oldestAtMs = await this.#reader.oldestAtMs(undefined);
  }

  #telemetryConnected(startedMs: number): void {
    const { clock, telemetry, spoolId } = this.#options;
    telemetry.record('spool.connected', {
      spool: spoolId,
      waiting: this.#reader.waiting(this.#places),
      tookMs: clock.monotonicMs() - startedMs,
    });
  }
}

/** The embedded log has failed or is closed: it tells of that itself, and nothing can be read any more. */
function isEndOfLog(error: unknown): boolean {
  return error instanceof LogError && (error.code === 'log.closed' || error.code === 'log.commit_failed');
}

async function abandoned(session: TransferSession | undefined): Promise<void> {
  // What fails here was of no more use.
  await Promise.resolve(session?.[Symbol.asyncDispose]()).catch(() => {});
}

function isAt({ position }: StoredRecord, at: { readonly topic: string; readonly offset: bigint }): boolean {
  return position.topic === at.topic && position.offset === at.offset;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
