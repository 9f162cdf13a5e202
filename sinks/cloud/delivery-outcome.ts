// Says what became of a request: a record of cloud.deliveries, and a dead letter for what is parked.
import { strict as assert } from 'node:assert';
import type { TaskContext } from '../../runtime/contracts/task.ts';
import type { FailureCode } from '../../schemas/failure-codes.ts';
import type { CloudDeliveryOutcome } from '../../schemas/records.ts';
import type { CloudSinkOptions } from './cloud-sink-options.ts';
import { type CloudSinkState, type Lane, laneKey, type Parked, requestKey, type Waiting } from './delivery-state.ts';
import { dropRequest, saveLane } from './lane-store.ts';

export type CloudContext = TaskContext<CloudSinkState>;

export interface OutcomeDetails {
  readonly failureCode?: FailureCode | null;
  readonly cloudCode?: number | null;
  readonly httpStatus?: number | null;
  readonly nextAttemptAtMs?: number;
}

export function recordOutcome(
  context: CloudContext,
  options: CloudSinkOptions,
  lane: Lane,
  request: Waiting,
  outcome: CloudDeliveryOutcome,
  details: OutcomeDetails = {},
): void {
  const { site, studyKey } = lane;
  const { kind, requestId } = request;
  options.telemetry.record('cloud.settled', { site, kind, outcome, requestId });
  const delivery = {
    site,
    studyKey,
    kind,
    reportId: request.reportId,
    revision: request.revision,
    cloudStudyId: request.cloudStudyId,
    contentHash: request.contentHash,
    requestId,
    outcome,
    failureCode: details.failureCode ?? null,
    cloudCode: details.cloudCode ?? null,
    httpStatus: details.httpStatus ?? null,
    attempts: request.attempts,
    firstAttemptAtMs: request.firstAttemptAtMs,
    lastAttemptAtMs: request.lastAttemptAtMs,
    settledAtMs: context.nowMs,
    nextAttemptAtMs: details.nextAttemptAtMs ?? null,
    originAtMs: request.originAtMs,
  };
  context.emit(options.codec.entry('cloud.deliveries', delivery, lineageOf(request)));
}

export interface ParkReason extends OutcomeDetails {
  readonly failureCode: FailureCode;
  /** Without data of a patient. */
  readonly reason: string;
}

/** Parks a study: `first` and all that waits behind it become dead letters in their order; other studies flow. */
export function parkLane(
  context: CloudContext,
  options: CloudSinkOptions,
  before: Lane,
  lane: Lane,
  first: Waiting,
  why: ParkReason,
): void {
  const { site, studyKey } = lane;
  const parked: Parked = {
    failureCode: why.failureCode,
    cloudCode: why.cloudCode ?? null,
    cloudStudyId: first.cloudStudyId,
    requestId: first.requestId,
    atMs: context.nowMs,
  };
  parkRequest(context, options, lane, first, why);
  for (const later of lane.waiting) {
    if (later.requestId === first.requestId) continue;
    if (later.repeat) dropRequest(context.state, lane, later);
    else parkRequest(context, options, lane, later, behind(parked));
  }
  context.state.parked.set(laneKey(site, studyKey), parked);
  saveLane(context.state, before, { ...lane, waiting: [], parked });
  options.telemetry.record('cloud.study_parked', {
    site,
    code: why.failureCode,
    cloudCode: String(why.cloudCode ?? ''),
    requestId: first.requestId,
  });
}

/** A request of a study that is parked already. Its bytes must stand in `requests`; they are forgotten here. */
export function parkRequest(
  context: CloudContext,
  options: CloudSinkOptions,
  lane: Lane,
  request: Waiting,
  why: ParkReason,
): void {
  const stored = context.state.requests.get(requestKey(lane.site, lane.studyKey, request));
  assert(stored !== undefined, 'the bytes of a waiting request are in the state');
  const letter = {
    site: lane.site,
    stage: 'delivery',
    code: why.failureCode,
    reason: why.reason,
    position: { topic: stored.topic, partition: stored.partition, offset: stored.offset },
    key: stored.key,
    occurredAtMs: context.nowMs,
    bytes: stored.bytes,
  };
  context.emit(options.codec.entry('dead.letters', letter, lineageOf(request)));
  recordOutcome(context, options, lane, request, 'parked', why);
  dropRequest(context.state, lane, request);
}

export function behind(parked: Parked): ParkReason {
  return {
    failureCode: 'cloud.study_parked',
    reason: `an earlier request of this study is parked with ${parked.failureCode}`,
  };
}

function lineageOf(request: Waiting): { readonly trace: string; readonly causation: string } {
  return { trace: request.trace, causation: request.causation };
}
