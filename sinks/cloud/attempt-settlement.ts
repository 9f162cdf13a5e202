// What the beginning and the end of an attempt change in the durable queue.
import type { FailureCode } from '../../schemas/failure-codes.ts';
import type { Verdict } from './answer-reader.ts';
import type { CloudSinkOptions } from './cloud-sink-options.ts';
import { landsUntilMs, nextAttempt, replaces } from './delivery-order.ts';
import { type CloudContext, parkLane, recordOutcome } from './delivery-outcome.ts';
import { type Flight, type Lane, laneKey, requestKey, sameSlot, type Unsure, type Waiting } from './delivery-state.ts';
import { keepStudy } from './document-shelf.ts';
import { dropRequest, saveLane } from './lane-store.ts';
import { slotsDelivered, waitingOf } from './request-intake.ts';
import { backoffMs, retryAfterMs, SLOW_PERIOD_MS, SLOW_RETRY_MS } from './retry-policy.ts';
import { noteEnd } from './site-gate.ts';

/** What the sender reports. */
export type CloudReport =
  | {
      readonly type: 'begins';
      readonly site: string;
      readonly studyKeys: readonly string[];
      /** Wall time at which the sender found them due. */
      readonly atMs: number;
    }
  | {
      readonly type: 'ended';
      readonly site: string;
      readonly studyKey: string;
      readonly requestId: string;
      readonly verdict: Verdict;
    };

/** Between the commit of a beginning and the moment the deadline is counted from. */
const MARGIN_MS = 1_000;

/** Notes attempts that are about to be made. The sender sends what stands in `flights` once this is committed. */
export function beginAttempts(report: Extract<CloudReport, { type: 'begins' }>, context: CloudContext): void {
  const { state } = context;
  for (const studyKey of report.studyKeys) {
    const key = laneKey(report.site, studyKey);
    const lane = state.lanes.get(key);
    const next = lane === undefined ? undefined : nextAttempt(lane);
    if (next === undefined || next.dueMs > Math.max(report.atMs, context.nowMs)) continue;
    if (state.flights.get(key) !== undefined) continue;
    const { request } = next;
    const flight: Flight = {
      requestId: request.requestId,
      requestKey: requestKey(report.site, studyKey, request),
      kind: request.kind,
      beganAtMs: context.nowMs,
      documentBytes: request.documentBytes,
    };
    state.flights.set(key, flight);
  }
}

export function settleAttempt(
  report: Extract<CloudReport, { type: 'ended' }>,
  context: CloudContext,
  options: CloudSinkOptions,
): void {
  const { state } = context;
  const { site, studyKey, requestId, verdict } = report;
  const key = laneKey(site, studyKey);
  const flight = state.flights.get(key);
  const before = state.lanes.get(key);
  const request = before?.waiting.find((waiting) => waiting.requestId === requestId);
  // An end that was settled already, by the owner before or by this one.
  if (before === undefined || request === undefined || flight?.requestId !== requestId) return;
  state.flights.delete(key);
  options.telemetry.record('cloud.attempted', {
    site,
    kind: request.kind,
    course: verdict.course,
    code: verdict.failureCode ?? '',
    cloudCode: String(verdict.cloudCode ?? ''),
    requestId,
  });
  noteEnd(context, options, site, verdict);
  const attempted: Waiting = {
    ...request,
    attempts: request.attempts + 1,
    firstAttemptAtMs: request.firstAttemptAtMs ?? flight.beganAtMs,
    lastAttemptAtMs: flight.beganAtMs,
    mayHaveArrived: request.mayHaveArrived || verdict.kind === 'ambiguous',
  };
  const lane: Lane = {
    ...before,
    waiting: before.waiting.map((waiting) => (waiting === request ? attempted : waiting)),
    unsure: unsureAfter(before, attempted, flight, verdict, context.nowMs, options.sites.get(site)?.timeoutMs ?? 0),
  };
  follow({ context, options, before, lane, request: attempted, verdict, flight, repeated: request.mayHaveArrived });
}

interface Settlement {
  readonly context: CloudContext;
  readonly options: CloudSinkOptions;
  /** As it stands in the state. */
  readonly before: Lane;
  readonly lane: Lane;
  readonly request: Waiting;
  readonly verdict: Verdict;
  readonly flight: Flight;
  /** An earlier attempt with the same body may have arrived. */
  readonly repeated: boolean;
}

function follow(settlement: Settlement): void {
  const { request, verdict, context } = settlement;
  const { nowMs } = context;
  const course = effectiveCourse(settlement);
  if (course === 'delivered') deliver(settlement);
  else if (course === 'park') park(settlement);
  else if (course === 'study_first') sendStudyFirst(settlement);
  else if (course === 'retry_slowly') tryAgain(settlement, nowMs + SLOW_RETRY_MS, request.slowSinceMs ?? nowMs);
  // A site that is stopped waits for its breaker, not for a time of its own.
  else if (verdict.course === 'stop_site') tryAgain(settlement, nowMs, request.slowSinceMs);
  else tryAgain(settlement, nowMs + retryDelayMs(settlement), request.slowSinceMs);
}

/** The table's course, made definite by what was asked and what was tried before. */
function effectiveCourse(settlement: Settlement): Exclude<Verdict['course'], 'duplicate' | 'nothing_found'> {
  const { request, verdict, repeated, context } = settlement;
  switch (verdict.course) {
    case 'duplicate':
      return repeated || request.repeat ? 'delivered' : 'park';
    case 'nothing_found':
      return request.kind === 'withdrawal' ? 'delivered' : 'park';
    case 'study_first':
      // For a withdrawal an examination that does not exist is one that need not be withdrawn.
      if (request.kind === 'withdrawal') return 'delivered';
      return request.kind === 'study' || request.studySentFirst ? 'park' : 'study_first';
    case 'retry_slowly':
      return context.nowMs - (request.slowSinceMs ?? context.nowMs) >= SLOW_PERIOD_MS ? 'park' : 'retry_slowly';
    default:
      return verdict.course;
  }
}

function deliver(settlement: Settlement): void {
  const { context, options, before, request, verdict, flight } = settlement;
  const { state, nowMs } = context;
  const lane: Lane = { ...settlement.lane, slots: slotsDelivered(state, settlement.lane, request), failures: 0 };
  const { site } = lane;
  if (!request.repeat) {
    recordOutcome(context, options, lane, request, 'delivered', verdict);
    const tookSeconds = Math.max(0, nowMs - request.originAtMs) / 1_000;
    options.telemetry.record('cloud.delivered', { site, kind: request.kind, tookSeconds });
  }
  let waiting = lane.waiting.filter((other) => other !== request);
  // A newer revision that says the same has been delivered with this one, unless a withdrawal stands between.
  const withdrawn = waiting.some((newer) => newer.kind === 'withdrawal' && replaces(newer, request));
  const same = waiting.find((newer) => sameSlot(newer, request) && newer.contentHash === request.contentHash);
  if (same !== undefined && !withdrawn) {
    recordOutcome(context, options, lane, same, 'unchanged');
    dropRequest(state, lane, same);
    waiting = waiting.filter((other) => other !== same);
  }
  // Invariant 4: an older request may land after this one, so this one is sent once more when it no longer can.
  const landsMs = landsUntilMs(request, lane);
  const again = landsMs > flight.beganAtMs && !waiting.some((newer) => replaces(newer, request));
  if (again) {
    waiting = [...waiting, { ...request, dueMs: landsMs, attempts: 0, mayHaveArrived: true, repeat: true }];
  } else dropRequest(state, lane, request);
  if (request.kind === 'study') keepStudy(context, lane);
  const studyPresent = request.kind === 'study' || (lane.studyPresent && !isStudyWithdrawal(request));
  saveLane(state, before, { ...lane, waiting, studyPresent });
}

function tryAgain(settlement: Settlement, dueMs: number, slowSinceMs: number | null): void {
  const { context, options, before, lane, request, verdict } = settlement;
  const newer = lane.waiting.find((other) => other !== request && !other.repeat && replaces(other, request));
  const failures = lane.failures + 1;
  if (newer !== undefined) {
    if (!request.repeat) recordOutcome(context, options, lane, request, 'superseded', verdict);
    dropRequest(context.state, lane, request);
    const waiting = lane.waiting
      .filter((other) => other !== request)
      .map((other) => (other === newer ? { ...newer, dueMs: Math.max(newer.dueMs, dueMs) } : other));
    saveLane(context.state, before, { ...lane, waiting, failures });
    return;
  }
  const later: Waiting = { ...request, dueMs, slowSinceMs };
  if (!request.repeat) {
    recordOutcome(context, options, lane, request, 'retrying', { ...verdict, nextAttemptAtMs: dueMs });
  }
  const waiting = lane.waiting.map((other) => (other === request ? later : other));
  saveLane(context.state, before, { ...lane, waiting, failures });
}

/** The cloud lost the study, or a person deleted it there: what was delivered last goes once more, then the report. */
function sendStudyFirst(settlement: Settlement): void {
  const { context, options, before, lane, request, verdict } = settlement;
  const retried: Waiting = { ...request, studySentFirst: true, dueMs: context.nowMs };
  const waiting = lane.waiting.map((other) => (other === request ? retried : other));
  const studyWaits = waiting.some((other) => other.kind === 'study');
  const study = studyWaits ? undefined : deliveredStudy(context, options, lane);
  if (!studyWaits && study === undefined) {
    park(settlement);
    return;
  }
  if (!request.repeat) {
    recordOutcome(context, options, lane, request, 'retrying', { ...verdict, nextAttemptAtMs: context.nowMs });
  }
  saveLane(context.state, before, {
    ...lane,
    studyPresent: false,
    waiting: study === undefined ? waiting : [study, ...waiting],
  });
}

function deliveredStudy(context: CloudContext, options: CloudSinkOptions, lane: Lane): Waiting | undefined {
  const slot = lane.slots.find(({ kind }) => kind === 'study');
  if (slot === undefined || slot.delivered === null) return undefined;
  const { revision } = slot.delivered;
  const stored = context.state.requests.get(requestKey(lane.site, lane.studyKey, { ...slot, revision }));
  if (stored === undefined) return undefined;
  const decoded = options.codec.decode('cloud.requests', stored.bytes);
  if (!decoded.ok) return undefined;
  const position = `${stored.topic}/${stored.partition}/${stored.offset}`;
  return { ...waitingOf(decoded.value, stored.trace, position, context), mayHaveArrived: true, repeat: true };
}

function park(settlement: Settlement): void {
  const { context, options, before, lane, request, verdict } = settlement;
  const failureCode: FailureCode = verdict.failureCode ?? 'cloud.unexpected_code';
  const answer = verdict.cloudCode === null ? `HTTP ${verdict.httpStatus}` : `code ${verdict.cloudCode}`;
  const named = verdict.namedFields.length === 0 ? '' : `; its message names ${verdict.namedFields.join(', ')}`;
  const reason = `the cloud answered with ${answer}${named}`;
  parkLane(context, options, before, lane, request, { ...verdict, failureCode, reason });
}

/** Invariant 4: what has no answer of the cloud may still be on its way there, or be worked on. */
function unsureAfter(
  before: Lane,
  request: Waiting,
  flight: Flight,
  verdict: Verdict,
  nowMs: number,
  timeoutMs: number,
): readonly Unsure[] {
  const lasting = before.unsure.filter((unsure) => unsure.landsUntilMs > nowMs);
  if (verdict.kind !== 'ambiguous' || verdict.cloudCode !== null) return lasting;
  const { kind, reportId, requestId } = request;
  const holdUntilMs = flight.beganAtMs + timeoutMs + MARGIN_MS;
  const unsure: Unsure = { kind, reportId, requestId, holdUntilMs, landsUntilMs: holdUntilMs + timeoutMs };
  return [...lasting.filter((other) => other.requestId !== requestId), unsure];
}

function retryDelayMs({ options, lane, verdict }: Settlement): number {
  const random = options.random ?? Math.random;
  if (verdict.retryAfterMs !== null) return retryAfterMs(verdict.retryAfterMs, random);
  return backoffMs(lane.failures + 1, random);
}

function isStudyWithdrawal(request: Waiting): boolean {
  return request.kind === 'withdrawal' && request.reportId === null;
}
