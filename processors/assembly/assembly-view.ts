// What `status` reads of the assembly's state: counts, who waits for what, what is to be withdrawn by hand.
import type { ReadonlyState } from '../../runtime/contracts/task.ts';
import type { StudyState } from '../../schemas/records.ts';
import type { AssemblyState, StudyCounts } from './assembly-state.ts';

type View = ReadonlyState<AssemblyState>;
export type WaitingState = Exclude<StudyState, 'sent' | 'cancelled'>;

export interface ListedStudy {
  readonly site: string;
  readonly studyKey: string;
  readonly studyInstanceUid: string | null;
  readonly state: WaitingState;
  readonly missing: readonly string[];
  readonly sinceMs: number;
}

export interface ListedWithdrawal {
  readonly site: string;
  readonly studyKey: string;
  readonly cloudStudyId: string;
  /** null: the whole study. */
  readonly reportId: string | null;
  readonly sinceMs: number;
}

/** By site. Reads one small value a site, however many studies there are. */
export function studyCounts(view: View): ReadonlyMap<string, StudyCounts> {
  return new Map(view.studyCounts.range(''));
}

/** At most `limit`, in the order of their keys; the counts tell how many there are. */
export function waitingStudies(view: View, site: string, state: WaitingState, limit: number): readonly ListedStudy[] {
  const prefix = `${site}/${state}/`;
  const listed: ListedStudy[] = [];
  for (const [key, waiting] of view.waiting.range(prefix)) {
    if (listed.length >= limit) break;
    listed.push({ site, studyKey: key.slice(prefix.length), state, ...waiting });
  }
  return listed;
}

/** What the cloud has and should not, while no deletion call is configured; at most `limit`. */
export function withdrawalsByHand(view: View, site: string, limit: number): readonly ListedWithdrawal[] {
  const prefix = `${site}/`;
  const listed: ListedWithdrawal[] = [];
  for (const [key, withdrawal] of view.byHand.range(prefix)) {
    if (listed.length >= limit) break;
    listed.push({ site, studyKey: key.slice(prefix.length).split('/')[0] ?? '', ...withdrawal });
  }
  return listed;
}
