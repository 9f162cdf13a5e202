// The state of the assembly: its stores and their codecs. Every key begins with the site.
import { jsonCodec, numberCodec, textCodec } from '../../runtime/contracts/state-codecs.ts';
import type { TaskContext, TaskDefinition } from '../../runtime/contracts/task.ts';
import type { StudyState } from '../../schemas/records.ts';
import type { Dossier } from './dossier.ts';
import { dossierCodec } from './dossier-codec.ts';

export interface AssemblyState {
  /** `site/` and the identifier its first record came under. */
  readonly dossiers: Dossier;
  /** `site/kind/identifier` → key of the dossier, without the site. */
  readonly identifiers: string;
  /** `site/studyId` of the cloud → the Study Instance UID that holds it. */
  readonly cloudStudyIds: string;
  /** `site/state/studyKey` of each study that is not sent: what `status` lists. */
  readonly waiting: WaitingStudy;
  /** `site` → how many studies are in each state. */
  readonly studyCounts: StudyCounts;
  /** `site/studyKey/reportId`; reportId empty for the whole study. */
  readonly byHand: WithdrawalByHand;
  /** `site/hash` → when the document was last put into `documents`, ms. */
  readonly documents: number;
}

export type StudyCounts = { readonly [State in StudyState]?: number };

export interface WaitingStudy {
  readonly sinceMs: number;
  readonly missing: readonly string[];
  readonly studyInstanceUid: string | null;
}

/** What the cloud has and should not, while no deletion call is configured. */
export interface WithdrawalByHand {
  readonly cloudStudyId: string;
  readonly reportId: string | null;
  readonly sinceMs: number;
}

export type AssemblyContext = TaskContext<AssemblyState>;

export const ASSEMBLY_STORES: TaskDefinition<AssemblyState>['stores'] = {
  dossiers: dossierCodec,
  identifiers: textCodec,
  cloudStudyIds: textCodec,
  waiting: jsonCodec(),
  studyCounts: jsonCodec(),
  byHand: jsonCodec(),
  documents: numberCodec,
};
