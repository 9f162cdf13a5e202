// Which request of a study goes next, and when: the order within one study.
import { type Lane, type SlotName, sameSlot, type Waiting } from './delivery-state.ts';

export interface NextAttempt {
  readonly request: Waiting;
  readonly dueMs: number;
}

/** The first request that can go, or a repeat that is due before it; undefined when nothing can be sent. */
export function nextAttempt(lane: Lane): NextAttempt | undefined {
  let next: NextAttempt | undefined;
  const first = lane.waiting.find((request) => !request.repeat && isReady(request, lane));
  if (first !== undefined) next = { request: first, dueMs: dueMsOf(first, lane) };
  for (const request of lane.waiting) {
    if (!request.repeat) continue;
    const dueMs = dueMsOf(request, lane);
    if (next === undefined || dueMs < next.dueMs) next = { request, dueMs };
  }
  return next;
}

/** Whether `newer` makes it pointless to send `older`: the same thing, or the withdrawal of it. */
export function replaces(newer: SlotName, older: SlotName): boolean {
  if (newer.kind !== 'withdrawal') return sameSlot(newer, older);
  return newer.reportId === null || newer.reportId === older.reportId;
}

/**
 * Where a request stands among those that wait: a study before the reports, since they need it and it needs none of
 * them; everything else at the end. What is under way stays where it is.
 */
export function inserted(waiting: readonly Waiting[], request: Waiting): readonly Waiting[] {
  const firstReport = request.kind === 'study' ? waiting.findIndex((other) => other.kind === 'report') : -1;
  return firstReport < 0 ? [...waiting, request] : waiting.toSpliced(firstReport, 0, request);
}

/** Until when an older request, of which it is not known whether it arrived, may still change what this one says; 0: none. */
export function landsUntilMs(request: Waiting, lane: Lane): number {
  return Math.max(0, ...rivals(request, lane).map((unsure) => unsure.landsUntilMs));
}

// Invariant 4: after an ambiguous attempt a newer revision waits out the attempt's deadline.
function dueMsOf(request: Waiting, lane: Lane): number {
  return Math.max(request.dueMs, ...rivals(request, lane).map((unsure) => unsure.holdUntilMs));
}

function rivals(request: Waiting, lane: Lane) {
  return lane.unsure.filter(
    (unsure) => unsure.requestId !== request.requestId && (replaces(request, unsure) || replaces(unsure, request)),
  );
}

/** A report waits for its study and for its documents. */
function isReady(request: Waiting, lane: Lane): boolean {
  return request.kind !== 'report' || (lane.studyPresent && request.missingDocuments.length === 0);
}
