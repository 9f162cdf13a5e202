// Keeps the documents of reports by their hash for as long as a report may need them.
import type { StoredRecord } from '../../runtime/contracts/record-log.ts';
import type { CloudSinkOptions } from './cloud-sink-options.ts';
import { type CloudContext, parkLane } from './delivery-outcome.ts';
import { type Lane, laneKey, requestKey, sameSlot, type Waiting } from './delivery-state.ts';
import { saveLane } from './lane-store.ts';

/** A report whose document has not come by then is parked. */
export const WAIT_FOR_DOCUMENT_MS = 24 * 3_600_000;
/** Since the document was last received; a corrected report may carry it again. Longer while a report waits for delivery. */
const DOCUMENT_KEPT_MS = 30 * 24 * 3_600_000;
const LOOK_AGAIN_MS = 60_000;
const DOCUMENT_LOOKED_AT_MS = 24 * 3_600_000;
/** A delivered study can be sent once more for a report that the cloud takes for an orphan. */
const STUDY_KEPT_MS = 90 * 24 * 3_600_000;

export function takeDocument(record: StoredRecord, context: CloudContext, options: CloudSinkOptions): void {
  if (record.value === null) return;
  const decoded = options.codec.decode('documents', record.value);
  if (!decoded.ok) {
    context.reject(record, decoded.failure);
    return;
  }
  const { site, hash, content } = decoded.value;
  // Where reports are not sent, nothing will ask for it; it stands in the topic.
  if (options.sites.get(site)?.reportPath === undefined) return;
  const { state, nowMs, timers } = context;
  const key = `${site}/${hash}`;
  timers.schedule(documentTimerKey(site, hash), nowMs + DOCUMENT_KEPT_MS);
  if (state.documentBytes.get(key) !== undefined) return;
  state.documents.set(key, content);
  state.documentBytes.set(key, content.length);
  const studies = new Set([...state.references.range(`${key}/`)].map(([, { studyKey }]) => studyKey));
  for (const studyKey of studies) {
    const lane = state.lanes.get(laneKey(site, studyKey));
    if (lane === undefined) continue;
    const waiting = lane.waiting.map((request) => withDocument(request, hash, content.length));
    saveLane(state, lane, { ...lane, waiting });
  }
}

function withDocument(request: Waiting, hash: string, bytes: number): Waiting {
  if (!request.missingDocuments.includes(hash)) return request;
  return {
    ...request,
    missingDocuments: request.missingDocuments.filter((missing) => missing !== hash),
    documentBytes: request.documentBytes + bytes,
  };
}

export function missingTimerKey(lane: Lane): string {
  return `${lane.site}/missing/${lane.studyKey}`;
}

/** Asks for a delivered study to be forgotten once no report can need it. */
export function keepStudy(context: CloudContext, lane: Lane): void {
  context.timers.schedule(`${lane.site}/forget/${lane.studyKey}`, context.nowMs + STUDY_KEPT_MS);
}

export function wakeShelf(key: string, context: CloudContext, options: CloudSinkOptions): void {
  const [site = '', what = '', ...rest] = key.split('/');
  const subject = rest.join('/');
  if (what === 'document') forgetDocument(site, subject, context);
  else if (what === 'forget') forgetStudy(site, subject, context);
  else if (what === 'missing') giveUpDocument(site, subject, context, options);
}

function documentTimerKey(site: string, hash: string): string {
  return `${site}/document/${hash}`;
}

function forgetDocument(site: string, hash: string, context: CloudContext): void {
  const { state, nowMs, timers } = context;
  for (const _ of state.references.range(`${site}/${hash}/`)) {
    timers.schedule(documentTimerKey(site, hash), nowMs + DOCUMENT_LOOKED_AT_MS);
    return;
  }
  state.documents.delete(`${site}/${hash}`);
  state.documentBytes.delete(`${site}/${hash}`);
}

function forgetStudy(site: string, studyKey: string, { state }: CloudContext): void {
  const lane = state.lanes.get(laneKey(site, studyKey));
  const study = lane?.slots.find((slot) => sameSlot(slot, { kind: 'study', reportId: null }));
  if (lane === undefined || study === undefined || study.delivered === null) return;
  const { revision } = study.delivered;
  if (lane.waiting.some((request) => request.kind === 'study' && request.revision === revision)) return;
  state.requests.delete(requestKey(site, studyKey, { kind: 'study', reportId: null, revision }));
}

function giveUpDocument(site: string, studyKey: string, context: CloudContext, options: CloudSinkOptions): void {
  const lane = context.state.lanes.get(laneKey(site, studyKey));
  const lacking = lane?.waiting.filter((request) => request.missingDocuments.length > 0) ?? [];
  const [oldest] = lacking.toSorted((a, b) => a.waitingSinceMs - b.waitingSinceMs);
  if (lane === undefined || oldest === undefined) return;
  // Not while an attempt for this study is under way: its end decides first.
  const underWay = context.state.flights.get(laneKey(site, studyKey)) !== undefined;
  const endMs = underWay ? context.nowMs + LOOK_AGAIN_MS : oldest.waitingSinceMs + WAIT_FOR_DOCUMENT_MS;
  if (endMs > context.nowMs) {
    context.timers.schedule(missingTimerKey(lane), endMs);
    return;
  }
  parkLane(context, options, lane, lane, oldest, {
    failureCode: 'cloud.document_missing',
    reason: 'the document of the report did not arrive within 24 hours',
  });
}
