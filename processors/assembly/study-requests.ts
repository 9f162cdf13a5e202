/**
 * What the cloud is to be told of one study, given what it was told before.
 *
 * A body that was requested is not requested again. A cancelled study, and a withdrawn report, are requested to be
 * withdrawn. Where no deletion call is configured the sink leaves that to a person, with an ERROR; the study is then
 * also sent as `registered`, and stays listed as to be withdrawn by hand until it stands again.
 */
import type { AssemblySettings } from './assembly-settings.ts';
import type { Assessment } from './assessment.ts';
import { hasImages } from './assessment.ts';
import type { ReportEntry, StudyEntry } from './dossier.ts';
import type { LinkedStudy } from './fact-links.ts';
import { hashOf, type PlannedRequest, withdrawal } from './planned-request.ts';
import { planReports } from './report-requests.ts';
import { studyBody } from './study-body.ts';

/** How the study comes to its name at the cloud. */
export interface StudyIdChoice {
  /** Fixed already, or to be fixed by this request. */
  readonly cloudStudyId: string;
  /** A report of the whole examination is delivered with one study only. */
  readonly carriesSharedReports: boolean;
}

export interface RequestPlan {
  readonly requests: readonly PlannedRequest[];
  readonly state: StudyEntry['state'];
  readonly cloudStudyId: string | null;
  readonly requestedHash: string;
  readonly withdrawn: boolean;
  readonly reports: readonly ReportEntry[];
  /** Report ids to be withdrawn by hand, null for the whole study. */
  readonly byHand: readonly (string | null)[];
  readonly nothingByHand: readonly (string | null)[];
  /** Nothing is outstanding: the causes so far are answered. */
  readonly answered: boolean;
}

export function planRequests(
  linked: LinkedStudy,
  assessment: Assessment,
  entry: StudyEntry,
  chooseStudyId: () => StudyIdChoice | undefined,
  settings: AssemblySettings,
): RequestPlan {
  const requested = entry.cloudStudyId !== null;
  // A study whose images were all deleted before it was first sent has nothing to show.
  if (!requested && !assessment.cancelled && !hasImages(linked)) return unchangedPlan(entry, 'waiting_for_images');
  const unchanged = unchangedPlan(entry, assessment.state);
  if (assessment.cancelled && (!requested || entry.withdrawn)) return { ...unchanged, answered: true };
  if (assessment.cancelled && settings.withdrawalDelivery && entry.cloudStudyId !== null) {
    const request = withdrawal({ studyId: entry.cloudStudyId });
    const nothing = { requestedHash: '', withdrawn: true, reports: [] };
    return { ...unchanged, ...nothing, requests: [request], answered: true, nothingByHand: [null] };
  }
  const sendable = assessment.images !== null && assessment.missing.length === 0;
  const choice = sendable ? chooseStudyId() : undefined;
  if (assessment.images === null || choice === undefined) {
    const left = assessment.cancelled && entry.cloudStudyId !== null ? leftToAPerson(entry.cloudStudyId, entry) : {};
    return { ...unchanged, ...left };
  }
  return planStudy(linked, assessment, assessment.images, entry, choice, settings, unchanged);
}

function planStudy(
  linked: LinkedStudy,
  assessment: Assessment,
  images: NonNullable<Assessment['images']>,
  entry: StudyEntry,
  choice: StudyIdChoice,
  settings: AssemblySettings,
  unchanged: RequestPlan,
): RequestPlan {
  const { cloudStudyId } = choice;
  const reports = planReports(linked, assessment, entry, choice, settings);
  const body = studyBody(
    {
      fields: assessment.fields(),
      cloudStudyId,
      accessNumber: linked.accession ?? '',
      studyInstanceUid: linked.images?.studyInstanceUid ?? '',
      // Nothing says `cancelled` to the cloud; registered is what a study without a result is.
      status: assessment.cancelled ? 'registered' : assessment.status,
      images,
      reportPdfs: reports.pdfs,
    },
    settings,
  );
  const contentHash = hashOf(body);
  const study: readonly PlannedRequest[] =
    contentHash === entry.requestedHash
      ? []
      : [{ kind: 'study', reportId: null, body, contentHash, documentHashes: [] }];
  const left = assessment.cancelled ? leftToAPerson(cloudStudyId, entry) : { requests: [], byHand: [] };
  return {
    ...unchanged,
    cloudStudyId,
    requestedHash: contentHash,
    withdrawn: false,
    reports: reports.entries,
    // The study first: the cloud refuses a report of a study it does not know.
    requests: [...study, ...reports.requests, ...left.requests],
    byHand: [...left.byHand, ...reports.byHand],
    nothingByHand: assessment.cancelled ? reports.nothingByHand : [null, ...reports.nothingByHand],
    answered: linked.images?.quiet ?? true,
  };
}

/** Asked once; the sink, which has no call for it, says so as an ERROR. */
function leftToAPerson(studyId: string, { state }: StudyEntry) {
  return { requests: state === 'cancelled' ? [] : [withdrawal({ studyId })], byHand: [null] };
}

function unchangedPlan(
  { cloudStudyId, requestedHash, withdrawn, reports }: StudyEntry,
  state: StudyEntry['state'],
): RequestPlan {
  return {
    requests: [],
    state,
    cloudStudyId,
    requestedHash,
    withdrawn,
    reports,
    byHand: [],
    nothingByHand: [],
    answered: false,
  };
}
