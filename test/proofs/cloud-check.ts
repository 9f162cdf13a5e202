// The sandbox cloud as a proof sees it: started here, outside the killed process, and compared with what was sent.
import { createSandboxCloud } from '../../simulator/cloud/sandbox-cloud.ts';
import type { ExpectedStudy } from './hospital-day.ts';

const APP_ID = '100001';
const TOKEN = '0123456789abcdef0123456789abcdef';
const POLL_MS = 100;

export interface CheckedCloud extends AsyncDisposable {
  /** For the bridge that is to deliver here. */
  readonly env: Readonly<Record<string, string>>;
  /** Sentences about what differs; empty when the cloud holds each study once and rightly. */
  differences(expected: readonly ExpectedStudy[]): Promise<readonly string[]>;
  /** Waits until nothing differs or the deadline has passed; returns what still differs. */
  settled(expected: readonly ExpectedStudy[], deadlineMs: number): Promise<readonly string[]>;
}

interface HeldStudies {
  readonly studies: readonly { readonly studyId: string; readonly body: Readonly<Record<string, unknown>> }[];
}

export async function startCheckedCloud(): Promise<CheckedCloud> {
  const cloud = createSandboxCloud({ port: 0, accounts: new Map([[APP_ID, TOKEN]]) });
  await cloud.start(new AbortController().signal);
  const account = { url: cloud.url, appId: APP_ID, token: TOKEN };
  return checkedCloud(account, async () => cloud[Symbol.asyncDispose]());
}

export interface CloudAccount {
  readonly url: string;
  readonly appId: string;
  readonly token: string;
}

/** A sandbox that runs already, wherever. */
export function checkedCloud({ url, appId, token }: CloudAccount, end: () => Promise<void>): CheckedCloud {
  const differences = async (expected: readonly ExpectedStudy[]): Promise<readonly string[]> => {
    const answer = await fetch(`${url}/sandbox/studies`);
    const { studies }: HeldStudies = JSON.parse(await answer.text());
    return differencesBetween(expected, new Map(studies.map(({ studyId, body }) => [studyId, body])));
  };
  return {
    env: { STUDYBRIDGE_CLOUD_URL: url, STUDYBRIDGE_CLOUD_APP_ID: appId, STUDYBRIDGE_CLOUD_TOKEN: token },
    differences,
    settled: async (expected, deadlineMs) => {
      const until = performance.now() + deadlineMs;
      for (;;) {
        const left = await differences(expected);
        if (left.length === 0 || performance.now() > until) return left;
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
    [Symbol.asyncDispose]: end,
  };
}

function differencesBetween(
  expected: readonly ExpectedStudy[],
  held: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
): readonly string[] {
  const differing: string[] = [];
  for (const study of expected) {
    const body = held.get(study.accession);
    if (body === undefined) {
      differing.push(`${study.accession} is not at the cloud`);
      continue;
    }
    const wanted: Readonly<Record<string, unknown>> = {
      patientName: study.patientName,
      accessNumber: study.accession,
      studyUid: study.studyUid,
      status: 'final',
      imageCnt: study.instances,
      seriesCnt: study.series,
    };
    for (const [field, value] of Object.entries(wanted)) {
      if (body[field] !== value) differing.push(`${study.accession}: ${field} is ${body[field]}, not ${value}`);
    }
  }
  const known = new Set(expected.map(({ accession }) => accession));
  for (const studyId of held.keys()) if (!known.has(studyId)) differing.push(`${studyId} was never sent`);
  return differing;
}
