// Runs the cloud sink with its real sender against a real socket, on stores of Maps and a clock that the test moves.
import { createHash } from 'node:crypto';
import { singleObjectCodec } from '../../../codecs/avro/record-codec.ts';
import type { Effects } from '../../../runtime/contracts/task.ts';
import type { Telemetry } from '../../../runtime/contracts/telemetry.ts';
import type { CloudDelivery, CloudRequest, DeadLetter, TopicName, TopicRecords } from '../../../schemas/records.ts';
import type { CloudReport } from '../../../sinks/cloud/attempt-settlement.ts';
import type { CloudAccount } from '../../../sinks/cloud/cloud-account.ts';
import { cloudSinkTask } from '../../../sinks/cloud/cloud-sink.ts';
import type { CloudSinkState } from '../../../sinks/cloud/delivery-state.ts';
import { decoded, recordMaker, type TaskHarness, taskHarness } from '../../processors/task-harness.ts';
import { ManualClock } from './manual-clock.ts';
import { ScriptedCloud } from './scripted-cloud.ts';

export const TIMEOUT_MS = 4_000;
export const TOKEN = '0123456789abcdef0123456789abcdef';

export class SinkHarness {
  readonly clock: ManualClock;
  readonly codec = singleObjectCodec();
  readonly facts: { readonly name: string; readonly fields: object }[] = [];
  readonly task: TaskHarness<CloudSinkState, CloudReport>;
  readonly #definition;
  readonly #record = recordMaker(this.codec);
  #effects: Effects | undefined;
  #owner = 0;

  constructor(clock: ManualClock, account: CloudAccount, random: () => number = () => 0.5) {
    this.clock = clock;
    const telemetry: Telemetry = {
      record: (name, fields) => void this.facts.push({ name, fields }),
      gauge: () => () => {},
    };
    const sites = new Map([['north', account]]);
    this.#definition = cloudSinkTask({ codec: this.codec, clock, telemetry, random, sites });
    this.task = taskHarness(this.#definition, clock.nowMs());
  }

  /** A new owner of the partition, over the same state. */
  async start(): Promise<void> {
    this.#owner += 1;
    const owner = this.#owner;
    const report = async (value: CloudReport): Promise<void> => {
      await Promise.resolve();
      // What a dead owner says is never committed.
      if (owner !== this.#owner) return new Promise(() => {});
      this.task.nowMs = this.clock.nowMs();
      this.task.settle(value);
      this.#effects?.wake();
    };
    this.#effects = this.#definition.effects?.(this.task.state, report);
    await this.#effects?.start(new AbortController().signal);
  }

  /** As `kill -9` does: sockets close, nothing more is committed. */
  async kill(): Promise<void> {
    this.#owner += 1;
    await this.#effects?.[Symbol.asyncDispose]();
    this.#effects = undefined;
    this.task.restart();
  }

  get effects(): Effects {
    if (this.#effects === undefined) throw new Error('not started');
    return this.#effects;
  }

  async stop(): Promise<void> {
    await this.#effects?.[Symbol.asyncDispose]();
  }

  put<Name extends TopicName>(topic: Name, record: TopicRecords[Name]): void {
    this.task.nowMs = this.clock.nowMs();
    this.task.batch([this.#record(topic, record)]);
    this.#effects?.wake();
  }

  request(study: string, revision: number, changes: Partial<CloudRequest> = {}): CloudRequest {
    const body = changes.body ?? JSON.stringify({ studyId: study, studyDesc: `revision ${revision}` });
    const request: CloudRequest = {
      site: 'north',
      studyKey: study,
      kind: 'study',
      reportId: null,
      revision,
      mappingVersion: 1,
      cloudStudyId: study,
      body,
      documentHashes: [],
      contentHash: createHash('sha256').update(body).digest('hex'),
      createdAtMs: this.clock.nowMs(),
      originAtMs: this.clock.nowMs(),
      causes: [],
    };
    return { ...request, ...changes };
  }

  ask(study: string, revision: number, changes: Partial<CloudRequest> = {}): void {
    this.put('cloud.requests', this.request(study, revision, changes));
  }

  deliveries(study?: string): readonly CloudDelivery[] {
    return this.task.emitted
      .filter((entry) => entry.topic === 'cloud.deliveries')
      .map((entry) => decoded(this.codec, 'cloud.deliveries', entry))
      .filter((delivery) => study === undefined || delivery.studyKey === study);
  }

  /** Outcomes with revision, without the attempts that failed: `delivered 1`. */
  outcomes(study: string): readonly string[] {
    return this.deliveries(study)
      .filter(({ outcome }) => outcome !== 'retrying')
      .map(({ kind, outcome, revision }) => `${kind === 'study' ? '' : `${kind} `}${outcome} ${revision}`);
  }

  letters(): readonly DeadLetter[] {
    return this.task.emitted
      .filter((entry) => entry.topic === 'dead.letters')
      .map((entry) => decoded(this.codec, 'dead.letters', entry));
  }

  flights(): number {
    return [...this.task.state.flights.range('north/')].length;
  }

  /** Moves time in small steps; between them everything that can happen by itself happens. */
  async advance(durationMs: number, cloud: ScriptedCloud, stepMs = 500): Promise<void> {
    for (let left = durationMs; left > 0; left -= stepMs) {
      this.clock.advance(Math.min(stepMs, left));
      this.task.nowMs = this.clock.nowMs();
      this.task.advance(0);
      await this.quiet(cloud);
    }
  }

  /** Resolves when only what hangs is under way. */
  async quiet(cloud: ScriptedCloud): Promise<void> {
    let calm = 0;
    for (let turn = 0; turn < 20_000; turn += 1) {
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
      calm = this.flights() === cloud.hanging ? calm + 1 : 0;
      if (calm >= 3) return;
    }
    throw new Error('the sink does not come to rest');
  }
}

export function accountAt(cloud: ScriptedCloud, changes: Partial<CloudAccount> = {}): CloudAccount {
  return {
    url: `http://127.0.0.1:${cloud.port}`,
    appId: '100001',
    token: TOKEN,
    timeoutMs: TIMEOUT_MS,
    inFlightMax: 8,
    ...changes,
  };
}

export interface Running {
  readonly cloud: ScriptedCloud;
  readonly sink: SinkHarness;
}

/** A cloud and a sink that has started; both end after the body. */
export async function withSink(
  body: (running: Running) => Promise<void>,
  changes: Partial<CloudAccount> = {},
  random?: () => number,
): Promise<void> {
  const clock = new ManualClock();
  const cloud = new ScriptedCloud(() => clock.nowMs());
  await cloud.open();
  const sink = new SinkHarness(clock, accountAt(cloud, changes), random);
  await sink.start();
  await sink.quiet(cloud);
  try {
    await body({ cloud, sink });
  } finally {
    await sink.stop();
    await cloud.close();
  }
}
