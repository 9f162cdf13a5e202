// Whether a site may send, and how much at once: the breaker of refused credentials and the pause of a cloud out of reach.
import type { FailureCode } from '../../schemas/failure-codes.ts';
import type { Verdict } from './answer-reader.ts';
import type { CloudAccount } from './cloud-account.ts';
import type { CloudSinkOptions } from './cloud-sink-options.ts';
import type { CloudContext } from './delivery-outcome.ts';
import { type Breaker, NEW_SITE, type SiteState, siteKey } from './delivery-state.ts';
import { PAUSE_AFTER_FAILURES, PROBE_MS, pauseMs, retryAfterMs } from './retry-policy.ts';

export interface Gate {
  /** Attempts under way at most. */
  readonly roomMax: number;
  /** None before. */
  readonly opensAtMs: number;
}

export function gateOf(site: SiteState | undefined, account: CloudAccount): Gate {
  if (site === undefined) return { roomMax: account.inFlightMax, opensAtMs: 0 };
  const opensAtMs = Math.max(site.pausedUntilMs, site.breaker?.nextProbeAtMs ?? 0);
  return { roomMax: site.breaker !== null || site.trying ? 1 : account.inFlightMax, opensAtMs };
}

/** What the end of an attempt says about the site as a whole. */
export function noteEnd(context: CloudContext, options: CloudSinkOptions, site: string, verdict: Verdict): void {
  const known = context.state.sites.get(siteKey(site)) ?? NEW_SITE;
  const next = afterPause(context, options, site, afterBreaker(context, options, site, known, verdict), verdict);
  if (next !== known) context.state.sites.set(siteKey(site), next);
}

function afterBreaker(
  context: CloudContext,
  options: CloudSinkOptions,
  site: string,
  known: SiteState,
  verdict: Verdict,
): SiteState {
  const { nowMs } = context;
  const { breaker } = known;
  const { failureCode, cloudCode } = verdict;
  if (verdict.course === 'stop_site' && failureCode !== null) {
    if (breaker === null) {
      options.telemetry.record('cloud.site_stopped', { site, code: failureCode, cloudCode: String(cloudCode ?? '') });
    }
    const openedAtMs = breaker?.openedAtMs ?? nowMs;
    const stopped: Breaker = { failureCode, cloudCode, openedAtMs, nextProbeAtMs: nowMs + PROBE_MS };
    return { ...known, breaker: stopped };
  }
  if (breaker === null) return known;
  // Only an answer of the cloud itself shows that it takes the credentials.
  if (cloudCode === null) return { ...known, breaker: { ...breaker, nextProbeAtMs: nowMs + PROBE_MS } };
  options.telemetry.record('cloud.site_healed', { site, stoppedSeconds: (nowMs - breaker.openedAtMs) / 1_000 });
  return { ...known, breaker: null };
}

/** The way to the cloud is in trouble, whichever study goes it. */
const WAY_FAILURES: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'cloud.unreachable',
  'cloud.certificate_refused',
  'cloud.connection_lost',
  'cloud.timed_out',
  'cloud.throttled',
  'cloud.server_error',
  'cloud.unreadable_answer',
]);

function afterPause(
  context: CloudContext,
  options: CloudSinkOptions,
  site: string,
  known: SiteState,
  verdict: Verdict,
): SiteState {
  const { nowMs } = context;
  const { failureCode: code } = verdict;
  if (verdict.cloudCode !== null) {
    if (known.failures === 0 && !known.trying) return known;
    if (known.trying) options.telemetry.record('cloud.site_resumed', { site });
    return { ...known, failures: 0, pausedUntilMs: 0, trying: false };
  }
  if (code === null || !WAY_FAILURES.has(code)) return known;
  const random = options.random ?? Math.random;
  const atOnce = code === 'cloud.throttled' || code === 'cloud.certificate_refused';
  // Attempts that were under way together when the trouble began count once.
  if (known.pausedUntilMs > nowMs && verdict.retryAfterMs === null) return known;
  const failures = atOnce ? Math.max(known.failures + 1, PAUSE_AFTER_FAILURES) : known.failures + 1;
  if (failures < PAUSE_AFTER_FAILURES) return { ...known, failures };
  const durationMs =
    verdict.retryAfterMs === null
      ? pauseMs(failures - PAUSE_AFTER_FAILURES + 1, random)
      : retryAfterMs(verdict.retryAfterMs, random);
  if (!known.trying) {
    options.telemetry.record('cloud.site_paused', { site, code, pauseSeconds: durationMs / 1_000 });
    if (code === 'cloud.certificate_refused') options.telemetry.record('cloud.certificate_refused', { site });
  }
  return {
    ...known,
    failures,
    pausedUntilMs: Math.max(known.pausedUntilMs, nowMs + durationMs),
    trying: true,
  };
}
