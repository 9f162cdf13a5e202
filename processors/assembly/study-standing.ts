// Keeps the lists that `status` reads in step with the studies: who waits for what, how many are where.
import type { AssemblyContext, StudyCounts } from './assembly-state.ts';
import type { StudyEntry } from './dossier.ts';

/** `before` undefined: the study is new. `after` undefined: it became one with another. */
export function noteStanding(
  site: string,
  before: StudyEntry | undefined,
  after: StudyEntry | undefined,
  { state }: AssemblyContext,
): void {
  if (before?.state !== after?.state) {
    const counts: { -readonly [State in keyof StudyCounts]: number } = { ...state.studyCounts.get(site) };
    if (before !== undefined) counts[before.state] = (counts[before.state] ?? 0) - 1;
    if (after !== undefined) counts[after.state] = (counts[after.state] ?? 0) + 1;
    state.studyCounts.set(site, counts);
  }
  if (before !== undefined && isListed(before) && before.state !== after?.state) {
    state.waiting.delete(waitingKey(site, before));
  }
  if (after === undefined || !isListed(after)) return;
  const { sinceMs, missing, studyInstanceUid } = after;
  const same =
    before?.state === after.state &&
    before.studyInstanceUid === studyInstanceUid &&
    before.missing.join() === missing.join();
  if (!same) state.waiting.set(waitingKey(site, after), { sinceMs, missing, studyInstanceUid });
}

export function byHandKey(site: string, studyKey: string, reportId: string | null): string {
  return `${site}/${studyKey}/${reportId ?? ''}`;
}

function isListed({ state }: StudyEntry): boolean {
  return state !== 'sent' && state !== 'cancelled';
}

function waitingKey(site: string, { state, studyKey }: StudyEntry): string {
  return `${site}/${state}/${studyKey}`;
}
