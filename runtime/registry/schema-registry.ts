// Agrees with the schema registry on every topic's schema before anything runs.
import { type RecordCodec, recordCodec } from '../../codecs/avro/record-codec.ts';
import { SCHEMA_TEXTS } from '../../schemas/records.ts';
import { type Clock, systemClock } from '../contracts/clock.ts';
import type { SchemaLearner } from '../contracts/schema-learner.ts';
import type { Telemetry } from '../contracts/telemetry.ts';
import { KnownSchemas } from './known-schemas.ts';
import { type RegistryAccount, RegistryClient } from './registry-client.ts';
import { RegistryWait } from './registry-wait.ts';
import { schemaLearner } from './schema-learner.ts';
import { agreeOn, heldBy, register, type SubjectSchemas } from './subject-schemas.ts';

export interface SchemaRegistryOptions extends Omit<RegistryAccount, 'timeoutMs'> {
  /** Before all names of topics; a subject is the full name of its topic and `-value`. */
  readonly topicPrefix: string;
  /** register: what the registry lacks is registered. lookup: it is a fault. read: records are only read. */
  readonly mode: 'register' | 'lookup' | 'read';
  readonly telemetry: Telemetry;
  readonly clock?: Clock;
  /** Of one request. */
  readonly timeoutMs?: number;
  /** How long the start waits for a registry that does not serve requests yet. */
  readonly startTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface SchemaRegistry extends AsyncDisposable {
  /** Writes Confluent's wire format, in mode `read` single-object encoding; reads both. */
  readonly codec: RecordCodec;
  readonly schemas: SchemaLearner;
}

const TIMEOUT_MS = 10_000;
const START_TIMEOUT_MS = 60_000;

/**
 * Rejects with an `EnvironmentError`: `registry.unreachable`, `registry.untrusted`, `registry.unauthorized`,
 * `registry.refused`, `registry.incompatible`, `registry.schema_missing`.
 */
export async function openSchemaRegistry(options: SchemaRegistryOptions): Promise<SchemaRegistry> {
  const { telemetry, clock = systemClock, timeoutMs = TIMEOUT_MS, startTimeoutMs = START_TIMEOUT_MS, signal } = options;
  const client = new RegistryClient({ ...options, timeoutMs }, clock);
  const wait = new RegistryWait({ client, url: options.url, clock, telemetry, givesUpAfterMs: startTimeoutMs, signal });
  try {
    const known = await agreed(wait, options, clock.monotonicMs(), clock);
    return {
      codec: recordCodec({ ids: known }),
      schemas: schemaLearner({ client, known, clock, telemetry }),
      [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
    };
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
}

/** Everything is looked at before the first schema is registered: a start that fails leaves nothing behind. */
async function agreed(
  wait: RegistryWait,
  { topicPrefix, mode, telemetry }: SchemaRegistryOptions,
  beganMs: number,
  clock: Clock,
): Promise<KnownSchemas> {
  const subjects: SubjectSchemas[] = [];
  for (const [topic, text] of Object.entries(SCHEMA_TEXTS)) {
    const held = await heldBy(wait, { topic, subject: `${topicPrefix}${topic}-value`, text }, telemetry);
    if (mode !== 'read') await agreeOn(wait, held, mode);
    subjects.push(held);
  }
  const texts = new Map(
    subjects.flatMap(({ versions }) => versions.map(({ id, text }): [number, string] => [id, text])),
  );
  const written = new Map<string, number>();
  let newlyRegistered = 0;
  for (const held of mode === 'read' ? [] : subjects) {
    const id = held.id ?? (await register(wait, held));
    if (held.id === undefined) {
      newlyRegistered += 1;
      telemetry.record('registry.registered', { subject: held.subject, id });
    }
    written.set(held.topic, id);
    texts.set(id, held.text);
  }
  telemetry.record('registry.agreed', {
    topics: subjects.length,
    registered: newlyRegistered,
    versions: texts.size,
    tookMs: Math.round(clock.monotonicMs() - beganMs),
  });
  return new KnownSchemas(texts, written);
}
