/**
 * A task as a service on Kafka: as many partitions at work as its group assigns to this process, until drained.
 *
 * Assignments come while it runs. What stays is left alone; what is lost is abandoned, since the new owner's fence
 * refuses its commits anyway; what is gained is opened. Drained in this order: the effects of all partitions finish,
 * their reports are committed, then the group is left, so that another takes over at once.
 */
import { EnvironmentError } from '../../contracts/environment-error.ts';
import { LogError } from '../../contracts/record-log.ts';
import type { Service } from '../../contracts/service.ts';
import type { Telemetry } from '../../contracts/telemetry.ts';
import { deferred } from '../tasks/deferred.ts';
import type { Membership } from './membership.ts';
import type { PartitionAtWork } from './partition-at-work.ts';

export interface MembershipHooks {
  readonly assigned: (partitions: ReadonlySet<number>) => void;
  readonly failed: (error: Error) => void;
}

export interface KafkaTaskServiceOptions {
  readonly name: string;
  readonly telemetry: Telemetry;
  readonly join: (hooks: MembershipHooks) => Membership;
  /** Begins when `after` has settled. */
  readonly open: (partition: number, membership: Membership, after: Promise<void>) => PartitionAtWork;
  readonly ended: () => void;
  /** It ended by itself; `ended` rejects with the same error. */
  readonly failed: (error: unknown) => void;
}

export class KafkaTaskService implements Service {
  readonly name: string;
  readonly ended: Promise<void>;
  readonly #options: KafkaTaskServiceOptions;
  readonly #end = deferred();
  readonly #membership: Membership;
  readonly #atWork = new Map<number, PartitionAtWork>();
  /** The end of what was last at work on a partition. */
  readonly #last = new Map<number, Promise<void>>();
  #started: Promise<void> | undefined;
  #drained: Promise<void> | undefined;
  #over = false;

  constructor(options: KafkaTaskServiceOptions) {
    this.name = options.name;
    this.#options = options;
    this.ended = this.#end.promise;
    // Who does not look at `ended` learns of a failure by the process' end.
    this.ended.catch(() => {});
    this.#membership = options.join({
      assigned: (partitions) => this.#assigned(partitions),
      failed: (error) => void this.#failed(error),
    });
  }

  /** Resolves when this process is a member and the states of its first assignment are restored. */
  start(signal: AbortSignal): Promise<void> {
    this.#started ??= this.#start(signal);
    return this.#started;
  }

  drain(deadline: AbortSignal): Promise<void> {
    this.#drained ??= this.#drain(deadline);
    return this.#drained;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.#close();
    this.#end.resolve();
  }

  async #start(signal: AbortSignal): Promise<void> {
    try {
      await this.#membership.start(signal);
      await Promise.all([...this.#atWork.values()].map(({ ready }) => ready.catch(closedIsNoFault)));
    } catch (error) {
      await this.#failed(error);
      throw error;
    }
  }

  #assigned(partitions: ReadonlySet<number>): void {
    if (this.#over) return;
    const { telemetry } = this.#options;
    const lost = [...this.#atWork.keys()].filter((partition) => !partitions.has(partition));
    const gained = [...partitions].filter((partition) => !this.#atWork.has(partition));
    for (const partition of lost) {
      this.#atWork.get(partition)?.abandon();
      this.#atWork.delete(partition);
    }
    for (const partition of gained) this.#open(partition);
    telemetry.record('kafka.assigned', {
      task: this.name,
      partitions: [...partitions].sort((left, right) => left - right).join(','),
      gained: gained.length,
      lost: lost.length,
    });
  }

  #open(partition: number): void {
    const atWork = this.#options.open(partition, this.#membership, this.#last.get(partition) ?? Promise.resolve());
    this.#atWork.set(partition, atWork);
    this.#last.set(
      partition,
      atWork.ended.then(
        () => {},
        (error: unknown) => void this.#failed(error),
      ),
    );
  }

  async #failed(error: unknown): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#end.reject(error);
    this.#options.ended();
    this.#options.failed(error);
    await this.#close();
  }

  async #drain(deadline: AbortSignal): Promise<void> {
    // One that cannot start has told so by `start`.
    await this.#started?.catch(() => {});
    if (this.#over) return;
    this.#over = true;
    const abandon = (): void => {
      for (const atWork of this.#atWork.values()) atWork.abandon();
    };
    if (deadline.aborted) abandon();
    deadline.addEventListener('abort', abandon, { once: true });
    await Promise.all([...this.#atWork.values()].map((atWork) => atWork.drain(deadline)));
    deadline.removeEventListener('abort', abandon);
    await this.#close();
    this.#options.ended();
    this.#end.resolve();
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#atWork.values()].map((atWork) => atWork[Symbol.asyncDispose]()));
    await Promise.all(this.#last.values());
    await this.#membership[Symbol.asyncDispose]();
  }
}

/** A partition that moved away before it was restored is no fault of the start. */
function closedIsNoFault(error: unknown): void {
  if (error instanceof EnvironmentError || !(error instanceof LogError)) throw error;
}
