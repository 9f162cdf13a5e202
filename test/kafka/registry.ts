// The schema registry that all tests of a run share: found, or started once for the run.
import { sharedServer } from './broker.ts';

export interface SharedRegistry {
  readonly available: boolean;
  /** Of the API that Confluent's clients speak; throws where none is available. */
  readonly url: string;
}

/** In this order: `SCHEMA_REGISTRY_URL`, a container runtime, a registry fetched by Maven; as `kafkaBroker`. */
export async function schemaRegistry(): Promise<SharedRegistry> {
  const given = process.env['SCHEMA_REGISTRY_URL'];
  const server = await sharedServer('registry', given, 'a schema registry (set SCHEMA_REGISTRY_URL)');
  return {
    available: server.available,
    get url() {
      return server.address;
    },
  };
}
