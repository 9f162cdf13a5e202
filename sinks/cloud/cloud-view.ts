// What an operator sees of the durable queue: counts and lists, from indexes, however much waits.
import type { FailureCode } from '../../schemas/failure-codes.ts';
import { type Breaker, type CloudView, NEW_SITE, parseDueKey, siteKey } from './delivery-state.ts';

export interface CloudSiteView {
  readonly site: string;
  readonly waiting: number;
  /** Of those: at least one attempt has failed. */
  readonly retrying: number;
  /** When the first of them is due; undefined: nothing can be sent just now. */
  readonly oldestDueMs: number | undefined;
  readonly breaker: Breaker | null;
  /** The cloud is out of reach or asks to wait. */
  readonly pausedUntilMs: number | undefined;
}

export interface ParkedView {
  readonly studyKey: string;
  readonly cloudStudyId: string;
  readonly failureCode: FailureCode;
  readonly cloudCode: number | null;
  readonly atMs: number;
}

export interface ByHandView {
  readonly studyKey: string;
  readonly cloudStudyId: string;
  readonly reportId: string | null;
  readonly atMs: number;
}

/** One read a site and the first entry of its due index. */
export function cloudSiteView(state: CloudView, site: string): CloudSiteView {
  const known = state.sites.get(siteKey(site)) ?? NEW_SITE;
  return {
    site,
    waiting: known.waiting,
    retrying: known.retrying,
    oldestDueMs: firstDueMs(state, site),
    breaker: known.breaker,
    pausedUntilMs: known.trying ? known.pausedUntilMs : undefined,
  };
}

/** In the order of their keys. */
export function parkedStudies(state: CloudView, site: string, limit: number): readonly ParkedView[] {
  const found: ParkedView[] = [];
  if (limit <= 0) return found;
  for (const [key, { cloudStudyId, failureCode, cloudCode, atMs }] of state.parked.range(siteKey(site))) {
    found.push({ studyKey: key.slice(site.length + 1), cloudStudyId, failureCode, cloudCode, atMs });
    if (found.length >= limit) break;
  }
  return found;
}

/** What a person must withdraw at the cloud. */
export function withdrawalsByHand(state: CloudView, site: string, limit: number): readonly ByHandView[] {
  const found: ByHandView[] = [];
  if (limit <= 0) return found;
  for (const [key, { cloudStudyId, reportId, atMs }] of state.byHand.range(siteKey(site))) {
    const studyKey = key.slice(site.length + 1, key.length - (reportId?.length ?? 0) - 1);
    found.push({ studyKey, cloudStudyId, reportId, atMs });
    if (found.length >= limit) break;
  }
  return found;
}

function firstDueMs(state: CloudView, site: string): number | undefined {
  for (const [key] of state.due.range(siteKey(site))) return parseDueKey(site, key).dueMs;
  return undefined;
}
