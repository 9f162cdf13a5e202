// Takes a request into the durable queue: a newer one replaces the waiting older one, and what need not be sent is said so.
import type { StoredRecord } from '../../runtime/contracts/record-log.ts';
import { positionText } from '../../schemas/record-entry.ts';
import type { CloudRequest } from '../../schemas/records.ts';
import type { CloudAccount } from './cloud-account.ts';
import type { CloudSinkOptions } from './cloud-sink-options.ts';
import { inserted, replaces } from './delivery-order.ts';
import { behind, type CloudContext, parkRequest, recordOutcome } from './delivery-outcome.ts';
import {
  type CloudState,
  type Lane,
  laneKey,
  newLane,
  requestKey,
  type Slot,
  sameSlot,
  type Waiting,
} from './delivery-state.ts';
import { missingTimerKey, WAIT_FOR_DOCUMENT_MS } from './document-shelf.ts';
import { dropRequest, referenceKey, saveLane } from './lane-store.ts';
import { requestIdOf } from './request-builder.ts';

/** State keys hold several of these, and take 1,900 bytes. */
const IDENTIFIER_BYTES_MAX = 500;

export function takeRequest(record: StoredRecord, context: CloudContext, options: CloudSinkOptions): void {
  // A tombstone: compaction's mark for a key without a value.
  if (record.value === null) return;
  const decoded = options.codec.decode('cloud.requests', record.value);
  if (!decoded.ok) {
    context.reject(record, decoded.failure);
    return;
  }
  const request = decoded.value;
  const account = options.sites.get(request.site);
  if (account === undefined) {
    context.reject(record, {
      kind: 'permanent',
      code: 'cloud.no_account',
      message: 'no cloud is configured for the site of this request',
    });
    return;
  }
  const longest = [request.studyKey, request.reportId ?? '', ...request.documentHashes];
  if (longest.some((text) => Buffer.byteLength(text) > IDENTIFIER_BYTES_MAX)) {
    context.reject(record, {
      kind: 'permanent',
      code: 'cloud.key_too_long',
      message: 'an identifier of this request has more than 500 bytes',
    });
    return;
  }
  place(record, record.value, request, account, context, options);
}

function place(
  record: StoredRecord,
  bytes: Uint8Array,
  request: CloudRequest,
  account: CloudAccount,
  context: CloudContext,
  options: CloudSinkOptions,
): void {
  const { state } = context;
  const before = state.lanes.get(laneKey(request.site, request.studyKey)) ?? newLane(request.site, request.studyKey);
  const arrival = waitingOf(request, record.headers.get('trace') ?? '', positionText(record.position), context);
  const slot = before.slots.find((known) => sameSlot(known, request));
  if (slot !== undefined && request.revision <= slot.revision) {
    recordOutcome(context, options, before, arrival, 'ignored', { failureCode: 'cloud.stale_revision' });
    return;
  }
  const lane: Lane = { ...before, slots: withSlot(before, arrival) };
  const keep = (): void =>
    state.requests.set(requestKey(request.site, request.studyKey, request), {
      key: record.key,
      topic: record.position.topic,
      partition: record.position.partition,
      offset: Number(record.position.offset),
      trace: arrival.trace,
      bytes,
    });
  if (request.kind === 'report' && account.reportPath === undefined) {
    recordOutcome(context, options, lane, arrival, 'ignored', { failureCode: 'cloud.reports_off' });
  } else if (request.kind === 'withdrawal' && account.deletePath === undefined) {
    leaveToAPerson(context, options, lane, arrival);
  } else if (lane.parked !== null) {
    keep();
    parkRequest(context, options, lane, arrival, behind(lane.parked));
  } else if (isUnchanged(lane, slot, arrival)) {
    recordOutcome(context, options, lane, arrival, 'unchanged');
  } else {
    keep();
    enqueue(context, options, before, lane, arrival);
    return;
  }
  saveLane(state, before, lane);
}

/** What a request looks like before its first attempt. */
export function waitingOf(request: CloudRequest, trace: string, causation: string, context: CloudContext): Waiting {
  const { kind, reportId, revision, cloudStudyId, contentHash, originAtMs, documentHashes } = request;
  const sizes = documentHashes.map((hash) => context.state.documentBytes.get(`${request.site}/${hash}`));
  return {
    kind,
    reportId,
    revision,
    cloudStudyId,
    contentHash,
    requestId: requestIdOf(request),
    originAtMs,
    trace,
    causation,
    waitingSinceMs: context.nowMs,
    documentHashes,
    missingDocuments: documentHashes.filter((_, index) => sizes[index] === undefined),
    documentBytes: sizes.reduce<number>((total, bytes) => total + (bytes ?? 0), 0),
    dueMs: context.nowMs,
    attempts: 0,
    firstAttemptAtMs: null,
    lastAttemptAtMs: null,
    mayHaveArrived: false,
    slowSinceMs: null,
    studySentFirst: false,
    repeat: false,
  };
}

function enqueue(context: CloudContext, options: CloudSinkOptions, before: Lane, lane: Lane, arrival: Waiting): void {
  const { state, nowMs } = context;
  // What is under way keeps its place until its end is known; then the newer one decides whether it is made again.
  const underWay = state.flights.get(laneKey(lane.site, lane.studyKey))?.requestId;
  const replaced = lane.waiting.filter((older) => older.requestId !== underWay && replaces(arrival, older));
  for (const older of replaced) {
    if (!older.repeat) recordOutcome(context, options, lane, older, 'superseded');
    dropRequest(state, lane, older);
  }
  // A cloud in trouble gains no respite from new content: the pause of the older one is kept.
  const pausedUntilMs = lane.failures > 0 ? Math.max(0, ...replaced.map((older) => older.dueMs)) : 0;
  const placed: Waiting = { ...arrival, dueMs: Math.max(nowMs, pausedUntilMs) };
  for (const hash of placed.documentHashes) {
    state.references.set(referenceKey(lane, placed, hash), { studyKey: lane.studyKey });
  }
  if (placed.missingDocuments.length > 0) {
    context.timers.schedule(missingTimerKey(lane), nowMs + WAIT_FOR_DOCUMENT_MS);
  }
  const remaining = lane.waiting.filter((older) => !replaced.includes(older));
  saveLane(state, before, { ...lane, waiting: inserted(remaining, placed) });
}

/** The cloud has exactly this, and nothing is on its way that could change it. */
function isUnchanged(lane: Lane, slot: Slot | undefined, arrival: Waiting): boolean {
  if (arrival.kind === 'withdrawal' || slot?.delivered?.contentHash !== arrival.contentHash) return false;
  return !lane.waiting.some((older) => !older.repeat && (replaces(arrival, older) || replaces(older, arrival)));
}

function leaveToAPerson(context: CloudContext, options: CloudSinkOptions, lane: Lane, arrival: Waiting): void {
  const { site, studyKey } = lane;
  const { cloudStudyId, reportId, requestId } = arrival;
  context.state.byHand.set(byHandKey(site, studyKey, reportId), { cloudStudyId, reportId, atMs: context.nowMs });
  recordOutcome(context, options, lane, arrival, 'by_hand', { failureCode: 'cloud.withdraw_by_hand' });
  options.telemetry.record('cloud.withdraw_by_hand', { site, requestId });
}

function byHandKey(site: string, studyKey: string, reportId: string | null): string {
  return `${site}/${studyKey}/${reportId ?? ''}`;
}

function withSlot(lane: Lane, { kind, reportId, revision }: Waiting): readonly Slot[] {
  const known = lane.slots.find((slot) => sameSlot(slot, { kind, reportId }));
  const slot: Slot = { kind, reportId, revision, delivered: known?.delivered ?? null };
  return known === undefined ? [...lane.slots, slot] : lane.slots.map((other) => (other === known ? slot : other));
}

/** Records a delivery in the slot of its request. */
export function slotsDelivered(state: CloudState, lane: Lane, request: Waiting): readonly Slot[] {
  const { revision, contentHash } = request;
  const forget = (slot: Slot): void => {
    if (slot.kind !== 'study' || slot.delivered === null) return;
    if (request.kind === 'study' && slot.delivered.revision === revision) return;
    state.requests.delete(requestKey(lane.site, lane.studyKey, { ...slot, revision: slot.delivered.revision }));
  };
  return lane.slots.map((slot) => {
    const withdrawn = request.kind === 'withdrawal' && replaces(request, slot);
    if (!withdrawn && !sameSlot(slot, request)) return slot;
    forget(slot);
    return { ...slot, delivered: withdrawn ? null : { revision, contentHash } };
  });
}
