// Reads the sandbox's final state over its JSON routes.
import { isJsonObject, type JsonObject, parseJson, textField } from '../json-value.ts';

export interface CloudStudy {
  readonly body: JsonObject;
  readonly reports: readonly { readonly body: JsonObject; readonly hasPdf: boolean }[];
}

const TIMEOUT_MS = 10_000;

/** Undefined when the sandbox has no such study. Rejects when it cannot be read. */
export async function readCloudStudy(
  sandboxUrl: string,
  studyId: string,
  signal: AbortSignal,
): Promise<CloudStudy | undefined> {
  const value = await readJson(new URL(`/sandbox/studies/${encodeURIComponent(studyId)}`, sandboxUrl), signal);
  if (value === undefined || !isJsonObject(value['body'])) return undefined;
  const reports = isJsonObject(value['reports']) ? Object.values(value['reports']) : [];
  return {
    body: value['body'],
    reports: reports.flatMap((report) =>
      isJsonObject(report) && isJsonObject(report['body'])
        ? [{ body: report['body'], hasPdf: isJsonObject(report['pdf']) }]
        : [],
    ),
  };
}

/** Whether the sandbox takes reports; where it does, the bridge beside it is taken to send them. */
export async function takesReports(sandboxUrl: string, signal: AbortSignal): Promise<boolean> {
  const summary = await readJson(new URL('/sandbox/summary', sandboxUrl), signal);
  return summary !== undefined && textField(summary, 'reportPath') !== undefined;
}

async function readJson(url: URL, signal: AbortSignal): Promise<JsonObject | undefined> {
  const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
  const value = parseJson(await response.text());
  if (response.status === 404) return undefined;
  if (response.status !== 200 || !isJsonObject(value)) throw new Error(`the sandbox answers HTTP ${response.status}`);
  return value;
}
