// Fetches schemas that records name and that were not registered when the process began.
import { isWireFormat, wireId } from '../../codecs/avro/wire-format.ts';
import { canonicalSchema } from '../../codecs/avro/writer-schema.ts';
import type { FailureCode } from '../../schemas/failure-codes.ts';
import type { Clock } from '../contracts/clock.ts';
import type { SchemaLearner } from '../contracts/schema-learner.ts';
import type { Telemetry } from '../contracts/telemetry.ts';
import type { KnownSchemas } from './known-schemas.ts';
import type { RegistryClient } from './registry-client.ts';
import { schemaOf } from './registry-requests.ts';

/** An id that the registry lacks is asked for again only after so long. */
const ABSENT_MS = 60_000;
const ABSENT_MAX = 4_096;

/** The reader waits and asks again: no `EnvironmentError`, which would end its process. */
export class SchemaFetchError extends Error {
  readonly code: FailureCode;

  constructor(code: FailureCode, what: string) {
    super(`the schema registry ${what}`);
    this.name = 'SchemaFetchError';
    this.code = code;
  }
}

export interface SchemaLearnerOptions {
  readonly client: RegistryClient;
  readonly known: KnownSchemas;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export function schemaLearner({ client, known, clock, telemetry }: SchemaLearnerOptions): SchemaLearner {
  /** When an absent id may be asked for again, monotonic; oldest first. */
  const absent = new Map<number, number>();
  /** One request an id, however many tasks ask; as many as there are tasks. */
  const pending = new Map<number, Promise<void>>();

  const noteAbsent = (id: number): void => {
    // Invariant 7: ids come from records, and anyone may write those.
    for (const oldest of absent.keys()) {
      if (absent.size < ABSENT_MAX) break;
      absent.delete(oldest);
    }
    absent.set(id, clock.monotonicMs() + ABSENT_MS);
    telemetry.record('registry.schema_unknown', { id });
  };
  const fetch = async (id: number): Promise<void> => {
    const answer = await schemaOf(client, id);
    if (answer.type === 'failed') {
      telemetry.record('registry.request_failed', { code: answer.code, httpStatus: answer.httpStatus });
      throw new SchemaFetchError(answer.code, answer.message);
    }
    const text = answer.value;
    if (text === undefined || canonicalSchema(text) === undefined || !known.add(id, text)) noteAbsent(id);
    else telemetry.record('registry.schema_learned', { id });
  };
  return {
    learn: (value) => {
      if (!isWireFormat(value)) return undefined;
      const id = wireId(value);
      if (known.text(id) !== undefined) return undefined;
      const againAtMs = absent.get(id);
      if (againAtMs !== undefined) {
        if (clock.monotonicMs() < againAtMs) return undefined;
        absent.delete(id);
      }
      const underWay = pending.get(id);
      if (underWay !== undefined) return underWay;
      const fetching = fetch(id).finally(() => pending.delete(id));
      pending.set(id, fetching);
      return fetching;
    },
  };
}
