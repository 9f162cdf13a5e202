// A schema registry that answers as a test tells it, over a real socket; and what a test opens with it.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { FactFields, FactName, Telemetry } from '../../../runtime/contracts/telemetry.ts';
import {
  openSchemaRegistry,
  type SchemaRegistry,
  type SchemaRegistryOptions,
} from '../../../runtime/registry/schema-registry.ts';

export interface FakeAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The answer never ends. */
  readonly hangs?: boolean;
}

interface StoredSchema {
  readonly id: number;
  readonly text: string;
}

/** Subjects, versions and ids as Confluent's API has them; `intercept` goes before. */
export class FakeRegistry implements AsyncDisposable {
  readonly requests: string[] = [];
  readonly authorizations = new Set<string | undefined>();
  readonly subjects = new Map<string, StoredSchema[]>();
  intercept: ((line: string) => FakeAnswer | undefined) | undefined;
  /** The rule of all subjects. */
  allows = true;
  #ids = 0;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async open(): Promise<FakeRegistry> {
    const registry = new FakeRegistry();
    await new Promise<void>((resolve) => void registry.#server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new TypeError('the fake registry does not listen');
    return `http://127.0.0.1:${address.port}/api`;
  }

  /** Adds a version as another client would; its id. */
  register(subject: string, text: string): number {
    const id = [...this.subjects.values()].flat().find((one) => one.text === text)?.id ?? ++this.#ids;
    const versions = this.subjects.get(subject) ?? [];
    if (!versions.some((one) => one.id === id)) versions.push({ id, text });
    this.subjects.set(subject, versions);
    return id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const line = `${request.method} ${decodeURIComponent(request.url ?? '')}`;
    this.requests.push(line);
    this.authorizations.add(request.headers.authorization);
    const answer = this.intercept?.(line) ?? this.#answer(line, text);
    response.writeHead(answer.status, { 'content-type': 'application/vnd.schemaregistry.v1+json', ...answer.headers });
    if (answer.hangs === true) response.write(answer.body);
    else response.end(answer.body);
  }

  #answer(line: string, text: string): FakeAnswer {
    const versions = /^GET \/api\/subjects\/([^/]+)\/versions(?:\/(\d+))?$/.exec(line);
    if (versions !== null) return this.#versions(versions[1] ?? '', versions[2]);
    const id = /^GET \/api\/schemas\/ids\/(\d+)$/.exec(line)?.[1];
    if (id !== undefined) {
      const found = [...this.subjects.values()].flat().find((one) => one.id === Number(id));
      return found === undefined ? absent(40403) : json({ schema: found.text });
    }
    const schema = schemaIn(text);
    if (line.startsWith('POST /api/compatibility/')) return json({ is_compatible: this.allows });
    const subject = /^POST \/api\/subjects\/([^/]+)\/versions$/.exec(line)?.[1];
    return subject === undefined ? { status: 404, body: '<html>' } : json({ id: this.register(subject, schema) });
  }

  #versions(subject: string, number: string | undefined): FakeAnswer {
    const held = this.subjects.get(subject);
    if (held === undefined) return absent(40401);
    if (number === undefined) return json(held.map((_, index) => index + 1));
    const version = held[Number(number) - 1];
    if (version === undefined) return absent(40402);
    return json({ subject, version: Number(number), id: version.id, schema: version.text });
  }
}

export function json(body: unknown, status = 200): FakeAnswer {
  return { status, body: JSON.stringify(body) };
}

function absent(errorCode: number): FakeAnswer {
  return json({ error_code: errorCode, message: 'not found' }, 404);
}

function schemaIn(text: string): string {
  if (text === '') return '';
  const body: { readonly schema: string } = JSON.parse(text);
  return body.schema;
}

/** Keeps the facts that were recorded. */
export class RecordedFacts implements Telemetry {
  readonly facts: { readonly name: FactName; readonly fields: object }[] = [];

  record<Name extends FactName>(name: Name, fields: FactFields<Name>): void {
    this.facts.push({ name, fields });
  }

  gauge(): () => void {
    return () => {};
  }

  named(name: FactName): readonly object[] {
    return this.facts.filter((fact) => fact.name === name).map(({ fields }) => fields);
  }
}

export function opened(url: string, options: Partial<SchemaRegistryOptions> = {}): Promise<SchemaRegistry> {
  return openSchemaRegistry({
    url,
    username: undefined,
    password: undefined,
    authorities: undefined,
    topicPrefix: '',
    mode: 'register',
    telemetry: new RecordedFacts(),
    startTimeoutMs: 0,
    ...options,
  });
}
