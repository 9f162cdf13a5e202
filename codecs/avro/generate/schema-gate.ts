// Judges a schema against its recorded versions: a change must be readable in both directions, and recorded.

import type { TopicVersions } from '../../../schemas/generate/past-versions.ts';
import { schemaWithoutDocs } from '../../../schemas/generate/version-files.ts';
import { schemaIncompatibility } from '../compatibility.ts';

/** Records every schema that differs from its newest version. */
export const RECORD_COMMAND = 'npm run record-schemas';

export interface SchemaVerdict {
  /** Sentences; with one of them the schema must not be released. */
  readonly incompatible: readonly string[];
  /** The schema differs from its newest recorded version. */
  readonly unrecorded: boolean;
}

/**
 * Backward against every version: logs keep records for months. Forward against the newest: processes of two releases
 * run beside one another during an upgrade, and a release may be taken back.
 */
export function schemaVerdict({ topic, current, recorded }: TopicVersions): SchemaVerdict {
  const incompatible = recorded.flatMap((text, index) => {
    const found = schemaIncompatibility(current, text);
    return found === undefined ? [] : [`${topic}: records of version ${index + 1} could not be read: ${found}`];
  });
  const newest = recorded.at(-1);
  if (newest === undefined) return { incompatible, unrecorded: true };
  const forward = schemaIncompatibility(newest, current);
  if (forward !== undefined) {
    incompatible.push(`${topic}: version ${recorded.length} could not read new records: ${forward}`);
  }
  return { incompatible, unrecorded: schemaWithoutDocs(newest) !== schemaWithoutDocs(current) };
}
