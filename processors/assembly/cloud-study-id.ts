// How a study comes to its name at the cloud: the accession number for the first, its own UID for any other.
import type { AssemblySettings } from './assembly-settings.ts';
import type { AssemblyContext } from './assembly-state.ts';
import { type Assessment, hasImages } from './assessment.ts';
import { keyText } from './dossier-index.ts';
import type { ContinuedStudy } from './study-entries.ts';
import type { StudyIdChoice } from './study-requests.ts';

interface Candidate extends ContinuedStudy {
  readonly assessment: Assessment;
}

/**
 * The first study that is requested under a number holds it for good, whatever comes later. Among studies of which
 * none was requested it is the one whose images began first, then the lower UID, so that it does not depend on which
 * falls quiet first.
 */
export function chooseStudyId(
  site: string,
  study: Candidate,
  candidates: readonly Candidate[],
  settings: AssemblySettings,
  { state }: AssemblyContext,
): StudyIdChoice | undefined {
  const { images } = study.linked;
  const name = nameToHold(study, settings);
  if (images === null || name === undefined) return undefined;
  const key = `${site}/${keyText(name)}`;
  let holder = state.cloudStudyIds.get(key);
  if (holder === undefined && isFirst(study, candidates, name, settings)) {
    holder = images.studyInstanceUid;
    state.cloudStudyIds.set(key, holder);
  }
  const holds = holder === images.studyInstanceUid;
  const free = holds && settings.studyId !== 'study_uid' ? name : images.studyInstanceUid;
  return { cloudStudyId: study.entry.cloudStudyId ?? free, carriesSharedReports: holds };
}

function isFirst(
  study: Candidate,
  candidates: readonly Candidate[],
  name: string,
  settings: AssemblySettings,
): boolean {
  return !candidates.some(
    (other) =>
      other !== study &&
      other.entry.cloudStudyId === null &&
      hasImages(other.linked) &&
      nameToHold(other, settings) === name &&
      beganBefore(other, study),
  );
}

/** Where every study is named by its UID, the accession is held all the same: its holder carries shared reports. */
function nameToHold({ linked, assessment }: Candidate, settings: AssemblySettings): string | undefined {
  return settings.studyId === 'study_uid' ? linked.accession : assessment.wantedStudyId;
}

function beganBefore({ linked: a }: Candidate, { linked: b }: Candidate): boolean {
  if (a.images === null || b.images === null) return false;
  const [beganA, beganB] = [a.images.current.firstEventAtMs, b.images.current.firstEventAtMs];
  if (beganA !== beganB) return beganA < beganB;
  return a.images.studyInstanceUid < b.images.studyInstanceUid;
}
