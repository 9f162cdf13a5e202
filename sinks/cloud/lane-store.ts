// Writes a study's lane together with everything that is derived from it: its place in the due index and the site's counts.
import { nextAttempt } from './delivery-order.ts';
import {
  type CloudState,
  dueKey,
  type Lane,
  laneKey,
  NEW_SITE,
  requestKey,
  sameSlot,
  siteKey,
  type Waiting,
} from './delivery-state.ts';

/** `before` as it stands in the state; for a new lane an empty one. */
export function saveLane(state: CloudState, before: Lane, changed: Omit<Lane, 'dueMs'>): void {
  const { site, studyKey } = before;
  const draft: Lane = { ...changed, dueMs: null };
  const after: Lane = { ...draft, dueMs: nextAttempt(draft)?.dueMs ?? null };
  if (after.dueMs !== before.dueMs) {
    if (before.dueMs !== null) state.due.delete(dueKey(site, before.dueMs, studyKey));
    if (after.dueMs !== null) state.due.set(dueKey(site, after.dueMs, studyKey), true);
  }
  const waiting = count(after, isWaiting) - count(before, isWaiting);
  const retrying = count(after, isRetrying) - count(before, isRetrying);
  if (waiting !== 0 || retrying !== 0) {
    const known = state.sites.get(siteKey(site)) ?? NEW_SITE;
    state.sites.set(siteKey(site), {
      ...known,
      waiting: known.waiting + waiting,
      retrying: known.retrying + retrying,
    });
  }
  state.lanes.set(laneKey(site, studyKey), after);
}

/** Forgets the bytes of a request, except of a delivered study: a report may need it to be sent once more. */
export function dropRequest(state: CloudState, lane: Lane, request: Waiting): void {
  for (const hash of request.documentHashes) state.references.delete(referenceKey(lane, request, hash));
  const delivered = lane.slots.find((slot) => sameSlot(slot, request))?.delivered;
  if (request.kind === 'study' && delivered?.revision === request.revision) return;
  state.requests.delete(requestKey(lane.site, lane.studyKey, request));
}

export function referenceKey(lane: Lane, request: Pick<Waiting, 'revision' | 'reportId'>, hash: string): string {
  return `${lane.site}/${hash}/${lane.studyKey}/${request.revision}/${request.reportId ?? ''}`;
}

const isWaiting = (request: Waiting): boolean => !request.repeat;
const isRetrying = (request: Waiting): boolean => !request.repeat && request.attempts > 0;

function count(lane: Lane, counts: (request: Waiting) => boolean): number {
  let total = 0;
  for (const request of lane.waiting) if (counts(request)) total += 1;
  return total;
}
