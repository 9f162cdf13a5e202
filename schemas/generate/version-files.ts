// The recorded versions of each topic's schema, as files: `versions/TOPIC/NUMBER.avsc`, oldest first.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { TopicVersions } from './past-versions.ts';

const EXTENSION = '.avsc';

/** Every topic's schema and its recorded versions. `schemas` is the folder of the schemas, with a slash at the end. */
export function topicVersions(schemas: string): readonly TopicVersions[] {
  return readdirSync(schemas)
    .filter((name) => name.endsWith(EXTENSION))
    .sort()
    .map((name) => {
      const topic = name.slice(0, -EXTENSION.length);
      const current = readFileSync(`${schemas}${name}`, 'utf8');
      return { topic, current, recorded: recordedVersions(schemas, topic) };
    });
}

/** Oldest first. */
function recordedVersions(schemas: string, topic: string): readonly string[] {
  const folder = `${schemas}versions/${topic}`;
  if (!existsSync(folder)) return [];
  const numbers = readdirSync(folder)
    .filter((name) => name.endsWith(EXTENSION))
    .map((name) => Number(name.slice(0, -EXTENSION.length)))
    .sort((a, b) => a - b);
  return numbers.map((number) => readFileSync(`${folder}/${number}${EXTENSION}`, 'utf8'));
}

/** Without documentation and white space: what is left decides how records are written and read. */
export function schemaWithoutDocs(text: string): string {
  return JSON.stringify(JSON.parse(text, (name, value) => (name === 'doc' ? undefined : value)));
}
