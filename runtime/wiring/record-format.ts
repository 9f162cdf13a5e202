// How the records of a configuration are written: with the ids of a schema registry, or in Avro's single-object encoding.
import { type RecordCodec, singleObjectCodec } from '../../codecs/avro/record-codec.ts';
import type { Configuration } from '../config/configuration.ts';
import type { SchemaLearner } from '../contracts/schema-learner.ts';
import type { Telemetry } from '../contracts/telemetry.ts';

export interface RecordFormat extends AsyncDisposable {
  readonly codec: RecordCodec;
  /** Of records that others wrote; undefined: none can be met that is not known. */
  readonly schemas: SchemaLearner | undefined;
}

export function formatWithoutRegistry(): RecordFormat {
  return { codec: singleObjectCodec(), schemas: undefined, [Symbol.asyncDispose]: async () => undefined };
}

/**
 * With a registry, each schema is asked for, or registered, before anything runs; who only reads registers nothing.
 * Rejects with an `EnvironmentError` when the registry refuses or stays out of reach.
 */
export async function openRecordFormat(
  { schemaRegistry, kafka }: Configuration,
  use: 'write' | 'read',
  telemetry: Telemetry,
  signal: AbortSignal,
): Promise<RecordFormat> {
  if (schemaRegistry === undefined) return formatWithoutRegistry();
  const { openSchemaRegistry } = await import('../registry/schema-registry.ts');
  const { mode, ...account } = schemaRegistry;
  const topicPrefix = kafka?.layout.topicPrefix ?? '';
  return await openSchemaRegistry({
    ...account,
    topicPrefix,
    mode: use === 'read' ? 'read' : mode,
    telemetry,
    signal,
  });
}
