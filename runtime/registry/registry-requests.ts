// The requests that are made of the schema registry, and their answers parsed.
import { member, type RegistryAnswer, type RegistryClient, type RegistryRefusal } from './registry-client.ts';

/** The wire format has four bytes, signed, for an id; a registry that counts further cannot be written with. */
const ID_MAX = 2 ** 31 - 1;

/** What was asked for; undefined: the registry does not hold it. */
export type Told<Value> = { readonly type: 'told'; readonly value: Value | undefined } | RegistryRefusal;

export interface RegisteredVersion {
  readonly version: number;
  readonly id: number;
  readonly text: string;
}

/** Numbers of the subject's versions, oldest first. */
export async function versionNumbers(
  client: RegistryClient,
  subject: string,
  signal?: AbortSignal,
): Promise<Told<readonly number[]>> {
  const answer = await client.get(`/subjects/${encodeURIComponent(subject)}/versions`, signal);
  return told(answer, (body) =>
    Array.isArray(body) && body.every((number) => Number.isSafeInteger(number))
      ? body.toSorted((a, b) => a - b)
      : undefined,
  );
}

export async function versionOf(
  client: RegistryClient,
  subject: string,
  version: number,
  signal?: AbortSignal,
): Promise<Told<RegisteredVersion>> {
  const answer = await client.get(`/subjects/${encodeURIComponent(subject)}/versions/${version}`, signal);
  return told(answer, (body) => {
    const id = idIn(body);
    const text = textIn(body);
    return id === undefined || text === undefined ? undefined : { version, id, text };
  });
}

/** The text of an id; empty for a schema that is not Avro or is not whole without others. */
export async function schemaOf(client: RegistryClient, id: number, signal?: AbortSignal): Promise<Told<string>> {
  return told(await client.get(`/schemas/ids/${id}`, signal), textIn);
}

/** Whether the subject's rule allows the schema after its latest version. */
export async function compatible(
  client: RegistryClient,
  subject: string,
  text: string,
  signal?: AbortSignal,
): Promise<Told<boolean>> {
  const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions/latest`;
  return told(await client.post(path, { schema: text }, signal), (body) => {
    const answer = member(body, 'is_compatible');
    return typeof answer === 'boolean' ? answer : undefined;
  });
}

/** Registers the schema, or finds it where it is registered already; the id. */
export async function registered(
  client: RegistryClient,
  subject: string,
  text: string,
  signal?: AbortSignal,
): Promise<Told<number>> {
  return told(await client.post(`/subjects/${encodeURIComponent(subject)}/versions`, { schema: text }, signal), idIn);
}

function told<Value>(answer: RegistryAnswer, parse: (body: unknown) => Value | undefined): Told<Value> {
  if (answer.type === 'failed') return answer;
  if (answer.type === 'absent') return { type: 'told', value: undefined };
  const value = parse(answer.body);
  if (value !== undefined) return { type: 'told', value };
  const message = 'answers, but not as a schema registry does';
  return { type: 'failed', code: 'registry.refused', heals: false, httpStatus: 200, message };
}

function idIn(body: unknown): number | undefined {
  const id = member(body, 'id');
  return typeof id === 'number' && Number.isInteger(id) && id >= 1 && id <= ID_MAX ? id : undefined;
}

function textIn(body: unknown): string | undefined {
  const text = member(body, 'schema');
  if (typeof text !== 'string') return undefined;
  const kind = member(body, 'schemaType');
  const references = member(body, 'references');
  const whole =
    (kind === undefined || kind === null || kind === 'AVRO') && !(Array.isArray(references) && references.length > 0);
  return whole ? text : '';
}
