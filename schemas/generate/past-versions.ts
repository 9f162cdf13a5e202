// Turns the recorded versions of the schemas into `past-versions.ts`: what the codec can read besides the current ones.
import { schemaWithoutDocs } from './version-files.ts';

export interface TopicVersions {
  readonly topic: string;
  readonly current: string;
  /** Oldest first. */
  readonly recorded: readonly string[];
}

/** The whole text of `past-versions.ts`, before formatting. */
export function pastVersions(topics: readonly TopicVersions[]): string {
  const entries = topics.map(({ topic, current, recorded }) => {
    const past = recorded.map(schemaWithoutDocs).filter((text) => text !== schemaWithoutDocs(current));
    return `  '${topic}': ${JSON.stringify(past)},`;
  });
  return [
    '// Generated from versions/ by `npm run generate`; do not edit.',
    "import type { TopicName } from './records.ts';",
    `/** Schemas of released versions that differ from the current one, oldest first, without documentation. */\nexport const PAST_SCHEMA_TEXTS: { readonly [Name in TopicName]: readonly string[] } = {\n${entries.join('\n')}\n};`,
    '',
  ].join('\n\n');
}
