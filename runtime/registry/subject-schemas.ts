// What the registry holds for one topic, and whether the bridge's schema goes with it.
import { schemaIncompatibility } from '../../codecs/avro/compatibility.ts';
import { canonicalSchema } from '../../codecs/avro/writer-schema.ts';
import { EnvironmentError } from '../contracts/environment-error.ts';
import { silentTelemetry, type Telemetry } from '../contracts/telemetry.ts';
import {
  compatible,
  type RegisteredVersion,
  registered,
  schemaOf,
  versionNumbers,
  versionOf,
} from './registry-requests.ts';
import type { RegistryWait } from './registry-wait.ts';

/** The newest versions are asked for at the start; an older one is fetched when a record names it. */
const VERSIONS_MAX = 50;

export interface Subject {
  readonly topic: string;
  readonly subject: string;
  /** The bridge's schema. */
  readonly text: string;
}

export interface SubjectSchemas extends Subject {
  /** Oldest first. */
  readonly versions: readonly RegisteredVersion[];
  /** Of the version that writes the same bytes as the bridge's schema; undefined: none does. */
  readonly id: number | undefined;
}

/**
 * Texts are compared in canonical form: registries keep a text as sent or in a form of their own, and a comment more is
 * no other schema. So an id is found here that a registry asked for the text alone may deny (Apicurio without
 * `normalize`).
 */
export async function heldBy(wait: RegistryWait, subject: Subject, telemetry: Telemetry): Promise<SubjectSchemas> {
  const name = subject.subject;
  const numbers = await wait.ask(name, (client, signal) => versionNumbers(client, name, signal));
  const versions: RegisteredVersion[] = [];
  for (const number of numbers?.slice(-VERSIONS_MAX) ?? []) {
    const version = await wait.ask(name, (client, signal) => versionOf(client, name, number, signal));
    // Deleted meanwhile.
    if (version === undefined) continue;
    versions.push(version);
    if (schemaIncompatibility(subject.text, version.text) !== undefined) {
      telemetry.record('registry.version_unreadable', { subject: name, version: number });
    }
  }
  const form = canonicalSchema(subject.text);
  return { ...subject, versions, id: versions.findLast(({ text }) => canonicalSchema(text) === form)?.id };
}

/**
 * Both directions are checked here whatever rule the subject has (Apicurio begins with none): processes of two releases
 * run beside one another during an upgrade, and logs keep records for months. Then the registry's own rule is asked.
 */
export async function agreeOn(wait: RegistryWait, held: SubjectSchemas, mode: 'register' | 'lookup'): Promise<void> {
  const { subject, text, versions, id } = held;
  const latest = versions.at(-1);
  if (latest !== undefined) {
    const found = schemaIncompatibility(text, latest.text) ?? schemaIncompatibility(latest.text, text);
    if (found !== undefined) {
      throw incompatible(subject, `with version ${latest.version}, which the registry holds: ${found}`);
    }
  }
  if (id !== undefined) return;
  if (mode === 'lookup') {
    throw new EnvironmentError(
      'registry.schema_missing',
      `the schema registry does not hold the schema of ${subject}, and schemaRegistry.mode is lookup`,
    );
  }
  if (latest === undefined) return;
  const allowed = await wait.ask(subject, (client, signal) => compatible(client, subject, text, signal));
  if (allowed === false) throw incompatible(subject, 'by the compatibility rule that the registry has for the subject');
}

/** The id of the schema, newly registered. */
export async function register(wait: RegistryWait, held: SubjectSchemas): Promise<number> {
  const { subject, text } = held;
  const id = await registeredHereOrBeside(wait, held);
  if (id === undefined) throw refused(subject, 'says that the subject is missing when a schema is registered for it');
  // Others will ask for what stands in the record: that must be this schema. Apicurio, for one, has two kinds of ids.
  const known = await wait.ask(subject, (client, signal) => schemaOf(client, id, signal));
  if (known === undefined || canonicalSchema(known) !== canonicalSchema(text)) {
    throw refused(subject, `gives another schema for id ${id} than was registered with it`);
  }
  return id;
}

/**
 * Apicurio answers 409, as to an incompatible schema, when two processes register a subject's first version at once: the
 * schema of the other is then ours too.
 */
async function registeredHereOrBeside(wait: RegistryWait, held: SubjectSchemas): Promise<number | undefined> {
  const { subject, text } = held;
  try {
    return await wait.ask(subject, (client, signal) => registered(client, subject, text, signal));
  } catch (error) {
    if (!(error instanceof EnvironmentError && error.code === 'registry.incompatible')) throw error;
    const beside = (await heldBy(wait, held, silentTelemetry)).id;
    if (beside === undefined) throw error;
    return beside;
  }
}

function incompatible(subject: string, why: string): EnvironmentError {
  return new EnvironmentError('registry.incompatible', `the schema of ${subject} is not compatible ${why}`);
}

function refused(subject: string, what: string): EnvironmentError {
  return new EnvironmentError('registry.refused', `the schema registry ${what} (${subject})`);
}
