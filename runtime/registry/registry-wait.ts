// Asks the schema registry until it serves requests, for a limited time.
import type { Clock } from '../contracts/clock.ts';
import { EnvironmentError } from '../contracts/environment-error.ts';
import type { Telemetry } from '../contracts/telemetry.ts';
import type { RegistryClient } from './registry-client.ts';
import type { Told } from './registry-requests.ts';

const PAUSE_FIRST_MS = 250;
const PAUSE_MS_MAX = 5_000;

export interface RegistryWaitOptions {
  readonly client: RegistryClient;
  /** For messages. */
  readonly url: string;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** From the first failure that may heal. */
  readonly givesUpAfterMs: number;
  readonly signal: AbortSignal | undefined;
}

/** One budget of waiting for a whole start. */
export class RegistryWait {
  readonly #options: RegistryWaitOptions;
  #firstFailureMs: number | undefined;
  #pauseMs = PAUSE_FIRST_MS;

  constructor(options: RegistryWaitOptions) {
    this.#options = options;
  }

  /** Undefined: the registry does not hold what was asked for. `about` names it in the error. */
  async ask<Value>(
    about: string,
    request: (client: RegistryClient, signal: AbortSignal | undefined) => Promise<Told<Value>>,
  ): Promise<Value | undefined> {
    const { client, url, clock, telemetry, givesUpAfterMs, signal } = this.#options;
    for (;;) {
      const answer = await request(client, signal);
      if (answer.type === 'told') return answer.value;
      const { code, heals, httpStatus, message } = answer;
      const nowMs = clock.monotonicMs();
      this.#firstFailureMs ??= nowMs;
      const waitedMs = nowMs - this.#firstFailureMs;
      if (!heals || waitedMs >= givesUpAfterMs) {
        const waited = heals ? `, ${Math.round(waitedMs / 1000)} s long` : '';
        throw new EnvironmentError(code, `the schema registry at ${url} ${message} (asked for ${about}${waited})`);
      }
      telemetry.record('registry.waiting', { code, httpStatus, waitedMs: Math.round(waitedMs), givesUpAfterMs });
      await clock.sleep(Math.min(this.#pauseMs, givesUpAfterMs - waitedMs), signal ?? new AbortController().signal);
      this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MS_MAX);
    }
  }
}
