// docs/failure-codes.md, from the registry of failure codes.
import { FAILURE_CODES } from '../../schemas/failure-codes.ts';

export function failureCodePage(): string {
  const rows = Object.entries(FAILURE_CODES)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([code, { meaning, remedy }]) => `| \`${code}\` | ${cell(meaning)} | ${cell(remedy)} |`);
  return `${[
    '# Failure codes',
    '',
    '<!-- Generated from schemas/failure-codes/ by `npm run generate`; do not edit. -->',
    '',
    'Dead letters, deliveries, answers and log lines name these codes; `studybridge explain CODE` prints one.',
    '',
    '| code | meaning | remedy |',
    '|---|---|---|',
    ...rows,
  ].join('\n')}\n`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
