/**
 * Membership in the consumer group of a task: which partitions are this process's. kafkajs' consumer keeps it and does
 * nothing else; its topics are paused as soon as they are assigned, so that no record comes through it, and it commits
 * no offset. Its heartbeats are its own: however long a task computes or waits, the membership lives.
 *
 * Partitions are held until the next assignment says otherwise. A process that was expelled without noticing, since it
 * was stopped, still believes it has them; what it then commits is refused by the fence of the new owner.
 */
import assert from 'node:assert/strict';
import type { Consumer, ConsumerGroupJoinEvent, RetryOptions } from 'kafkajs';
import { systemClock } from '../../contracts/clock.ts';
import { EnvironmentError } from '../../contracts/environment-error.ts';
import { LogError } from '../../contracts/record-log.ts';
import type { Telemetry } from '../../contracts/telemetry.ts';
import { type Deferred, deferred } from '../tasks/deferred.ts';
import { coPartitionAssigner } from './co-partition-assigner.ts';
import { connectFault } from './connect-fault.ts';
import { kafkaClient, kafkaErrorCode } from './kafka-client.ts';
import type { KafkaConnection, KafkaTuning } from './kafka-options.ts';
import { NO_CLAIM, type PartitionClaim } from './partition-claim.ts';

export interface MembershipOptions {
  readonly connection: KafkaConnection;
  readonly telemetry: Telemetry;
  readonly tuning: KafkaTuning;
  readonly task: string;
  readonly group: string;
  /** Full names. */
  readonly topics: readonly string[];
  /** Of each topic. */
  readonly partitions: number;
  /** At each assignment, the first one included, also when it changes nothing. */
  assigned(partitions: ReadonlySet<number>): void;
  /** The membership has ended and does not start again: `kafka.consumer_crashed`. */
  failed(error: Error): void;
}

/**
 * An outage is sat out as the member that it is: a consumer that gives up crashes and comes back as another member, for
 * which the group waits through the whole rebalance timeout. The connection's own retries are bounded (`kafka-client.ts`).
 */
const RETRY: RetryOptions = { initialRetryTime: 100, maxRetryTime: 500, factor: 0.2, multiplier: 2, retries: 1e9 };
/** How often the consumer, which has nothing to fetch, looks whether a heartbeat is due. */
const IDLE_MS = 100;
const COME_BACK_MS = 500;
const NEVER = new AbortController().signal;

export function createMembership(options: MembershipOptions): Membership {
  return new Membership(options);
}

export class Membership implements AsyncDisposable {
  readonly #options: MembershipOptions;
  readonly #consumer: Consumer;
  readonly #joined = deferred();
  readonly #waiting = new Set<{ left: number; readonly done: Deferred }>();
  #claim: PartitionClaim = NO_CLAIM;
  #partitions: ReadonlySet<number> = new Set();
  #phase: 'new' | 'member' | 'failed' | 'left' = 'new';
  #leaving: Promise<void> | undefined;

  constructor(options: MembershipOptions) {
    const { connection, telemetry, tuning, group, partitions } = options;
    this.#options = options;
    // Nobody waits for it unless `start` is called.
    this.#joined.promise.catch(() => {});
    this.#consumer = kafkaClient(connection, telemetry).consumer({
      groupId: group,
      partitionAssigners: [coPartitionAssigner(partitions, () => this.#claim)],
      sessionTimeout: tuning.sessionTimeoutMs,
      rebalanceTimeout: tuning.rebalanceTimeoutMs,
      heartbeatInterval: tuning.heartbeatIntervalMs,
      maxWaitTimeInMs: IDLE_MS,
      allowAutoTopicCreation: false,
      retry: RETRY,
    });
    const { GROUP_JOIN, HEARTBEAT, CRASH } = this.#consumer.events;
    this.#consumer.on(GROUP_JOIN, ({ payload }) => this.#assigned(payload));
    this.#consumer.on(HEARTBEAT, ({ payload }) => this.#confirmed(payload.memberId, payload.groupGenerationId));
    this.#consumer.on(CRASH, ({ payload }) => {
      // One that restarts joins again by itself.
      if (payload.restart) return;
      if (isOutage(payload.error)) void this.#comeBack();
      else this.#crashed(payload.error);
    });
  }

  /** What was assigned last. */
  get partitions(): ReadonlySet<number> {
    return this.#partitions;
  }

  /** Resolves when the first assignment is known. */
  async start(signal: AbortSignal): Promise<void> {
    assert(this.#phase === 'new', 'a membership starts once');
    this.#phase = 'member';
    const joined = this.#run();
    // Lost to the race when the signal came first.
    joined.catch(() => {});
    await orAborted(joined, signal);
  }

  /** Resolves after so many heartbeats from now on, each answered by the group that this process is its member. */
  async heartbeats(count: number, signal: AbortSignal): Promise<void> {
    if (this.#phase !== 'member') throw new LogError('log.closed');
    const waiting = { left: count, done: deferred() };
    this.#waiting.add(waiting);
    try {
      await orAborted(waiting.done.promise, signal);
    } finally {
      this.#waiting.delete(waiting);
    }
  }

  /** Tells the group, so that others take over at once. */
  leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }

  async #run(): Promise<void> {
    await this.#connect();
    await this.#joined.promise;
  }

  /** Where kafkajs gives up although only the brokers are away. The fetches' watchdog ends what lasts too long. */
  async #comeBack(): Promise<void> {
    while (this.#phase === 'member') {
      await systemClock.sleep(COME_BACK_MS, NEVER);
      try {
        if (this.#phase === 'member') await this.#connect();
        return;
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        const { connection } = this.#options;
        if (connectFault(error, connection).code !== 'kafka.unreachable') {
          this.#crashed(error);
          return;
        }
      }
    }
  }

  async #connect(): Promise<void> {
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [...this.#options.topics] });
    await this.#consumer.run({
      autoCommit: false,
      eachBatch: async () => {
        this.#failed(new assert.AssertionError({ message: 'a paused consumer delivers no batch' }));
      },
    });
  }

  #assigned({ memberId, memberAssignment }: ConsumerGroupJoinEvent['payload']): void {
    // Synchronously: the consumer's next step is to fetch.
    this.#consumer.pause(this.#options.topics.map((topic) => ({ topic })));
    if (this.#phase !== 'member') return;
    const partitions = [...new Set(Object.values(memberAssignment).flat())].sort((left, right) => left - right);
    this.#partitions = new Set(partitions);
    this.#claim = { memberId, generation: undefined, partitions };
    this.#options.assigned(this.#partitions);
    this.#count();
    this.#joined.resolve();
  }

  #confirmed(memberId: string, generation: number): void {
    if (memberId !== this.#claim.memberId) return;
    this.#claim = { ...this.#claim, generation };
    this.#count();
  }

  #count(): void {
    for (const waiting of this.#waiting) {
      waiting.left -= 1;
      if (waiting.left <= 0) waiting.done.resolve();
    }
  }

  #crashed(cause: Error): void {
    const { task, telemetry } = this.#options;
    if (this.#phase !== 'member') return;
    telemetry.record('kafka.consumer_crashed', { task, code: kafkaErrorCode(cause) });
    const message = `the membership of task ${task} in its consumer group has ended`;
    this.#failed(new EnvironmentError('kafka.consumer_crashed', message, { cause }));
  }

  #failed(error: Error): void {
    if (this.#phase !== 'member') return;
    this.#phase = 'failed';
    this.#end(error);
    this.#options.failed(error);
  }

  async #leave(): Promise<void> {
    const { tuning } = this.#options;
    this.#phase = 'left';
    this.#end(new LogError('log.closed'));
    // Where the brokers do not answer, the group expels this member by itself after as long.
    const patience = new AbortController();
    const disconnected = this.#consumer.disconnect().catch(() => {});
    await Promise.race([disconnected, systemClock.sleep(tuning.sessionTimeoutMs, patience.signal).catch(() => {})]);
    patience.abort();
  }

  #end(error: Error): void {
    this.#joined.reject(error);
    for (const waiting of this.#waiting) waiting.done.reject(error);
  }
}

/**
 * kafkajs tries again without end where a connection fails, and takes it for a fault of the program when none of the
 * brokers it knows can be asked for the group's coordinator.
 */
function isOutage(error: Error): boolean {
  return kafkaErrorCode(error) === 'KafkaJSGroupCoordinatorNotFound';
}

/** The promise, or a rejection with the signal's reason when it aborts first. */
async function orAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = deferred();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
