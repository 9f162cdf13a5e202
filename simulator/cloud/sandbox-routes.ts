// The sandbox's own routes under /sandbox: what the cloud holds, as JSON, and the faults to play.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseJson } from '../json-value.ts';
import { writeJson } from './answer-writer.ts';
import { type CloudMemory, countBy } from './cloud-memory.ts';
import { type FaultScript, readFaults } from './fault-script.ts';

export interface SandboxView {
  readonly memory: CloudMemory;
  readonly script: FaultScript;
  readonly reportPath: string | null;
  readonly deletePath: string | null;
  readBody(request: IncomingMessage): Promise<Buffer | undefined>;
  /** Forgets everything, in memory and on disk. */
  reset(): Promise<void>;
}

const PAGE_REQUESTS_MAX = 5_000;

export async function answerSandboxRoute(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  view: SandboxView,
): Promise<void> {
  // The routes show patient data without a password: a page of another origin in a browser must not reach them.
  if (request.headers.origin !== undefined) return writeJson(response, 403, { error: 'not for browsers' });
  const [, , name = '', argument] = url.pathname.split('/');
  const route = `${request.method ?? ''} ${name}`;
  switch (route) {
    case 'GET studies':
      return argument === undefined ? writeStudies(response, view) : writeStudy(response, argument, view);
    case 'GET requests':
      return writeRequests(response, url, view);
    case 'GET summary':
      return writeJson(response, 200, summary(view));
    case 'GET faults':
      return writeJson(response, 200, { ...view.script.counts(), script: view.script.waiting.slice(0, 100) });
    case 'POST faults':
      return addFaults(request, response, view);
    case 'DELETE faults':
      view.script.clear();
      return writeJson(response, 200, view.script.counts());
    case 'DELETE ':
    case 'DELETE studies':
      view.script.clear();
      await view.reset();
      return writeJson(response, 200, summary(view));
    default:
      return writeJson(response, 404, {
        error: 'no such route',
        routes: [
          'GET /sandbox/studies, /sandbox/studies/{studyId}, /sandbox/requests?since=N, /sandbox/summary, /sandbox/faults',
          'POST /sandbox/faults',
          'DELETE /sandbox, /sandbox/faults',
        ],
      });
  }
}

function writeStudies(response: ServerResponse, view: SandboxView): void {
  writeJson(response, 200, { studies: [...view.memory.studies()] });
}

function writeStudy(response: ServerResponse, encoded: string, view: SandboxView): void {
  const study = view.memory.study(decodePath(encoded));
  if (study === undefined) writeJson(response, 404, { error: 'no such study' });
  else writeJson(response, 200, study);
}

function writeRequests(response: ServerResponse, url: URL, view: SandboxView): void {
  const since = Number(url.searchParams.get('since') ?? '0');
  if (!Number.isSafeInteger(since) || since < 0) {
    writeJson(response, 400, { error: 'since is a sequence number' });
    return;
  }
  const requests = view.memory.requestsAfter(since).slice(0, PAGE_REQUESTS_MAX);
  writeJson(response, 200, { requests, next: requests.at(-1)?.sequence ?? since, last: view.memory.lastSequence });
}

async function addFaults(request: IncomingMessage, response: ServerResponse, view: SandboxView): Promise<void> {
  const bytes = await view.readBody(request);
  if (bytes === undefined) return writeJson(response, 413, { error: 'the script is too large' });
  const faults = readFaults(parseJson(bytes.toString('utf8')));
  if (typeof faults === 'string') return writeJson(response, 400, { error: faults });
  if (!view.script.add(faults)) return writeJson(response, 409, { error: 'too many faults are waiting' });
  writeJson(response, 200, view.script.counts());
}

function summary(view: SandboxView): Readonly<Record<string, unknown>> {
  const studies = [...view.memory.studies()];
  const requests = view.memory.requestsAfter(0);
  return {
    studies: studies.length,
    reports: studies.reduce((sum, study) => sum + Object.keys(study.reports).length, 0),
    withdrawn: view.memory.withdrawn(),
    requests: {
      last: view.memory.lastSequence,
      kept: requests.length,
      byCall: countBy(requests, (request) => request.call),
      byCode: countBy(requests, (request) => (request.code === null ? 'none' : String(request.code))),
      duplicates: requests.filter((request) => request.repeats === 'duplicate').length,
      conflicts: requests.filter((request) => request.repeats === 'conflict').length,
    },
    faults: view.script.counts(),
    reportPath: view.reportPath,
    deletePath: view.deletePath,
  };
}

function decodePath(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    // A broken escape names no study; looked up as it stands it is not found.
    return encoded;
  }
}
