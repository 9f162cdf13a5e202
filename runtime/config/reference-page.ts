// The reference page and the sample file, from the declaration of the options.
import { SECRET_VARIABLES } from './configuration-source.ts';
import { OPTION_ROWS, type OptionRow, pathText } from './option-table.ts';

/** docs/configuration.md. */
export function referencePage(): string {
  const lines = [
    '# Configuration',
    '',
    '<!-- Generated from the declaration of the options by `npm run generate`; do not edit. -->',
    '',
    'One YAML file (`--config FILE`, by default `studybridge.yaml` if it is there) and environment variables, which win.',
    'Everything is checked before anything starts; all faults are reported together. Secrets come from variables or',
    'files only. Try a file by `studybridge check-config`; a sample with every option is `studybridge.sample.yaml`.',
    '',
    'In the paths, `*` stands for the name of a site and `[]` for a member of a list. A variable of an option below',
    '`sites.*` describes the site `default`, which is there when the file names no site.',
    '',
    '## Environment variables',
    '',
    '| variable | option |',
    '|---|---|',
    ...OPTION_ROWS.flatMap((row) =>
      row.variable === undefined ? [] : [`| \`${row.variable}\` | \`${pathText(row.path)}\` |`],
    ),
    ...SECRET_VARIABLES.map(([name, sentence]) => `| \`${name}\` | ${sentence} |`),
    '',
    'An empty variable counts as not set. A variable that begins with `STUDYBRIDGE_` and is not listed is a fault.',
    '',
    '## Options',
    '',
  ];
  for (const row of OPTION_ROWS) lines.push(...(isMemberRow(row) ? [] : optionLines(row)));
  return `${lines.join('\n').trimEnd()}\n`;
}

/** A row that only says what a member of a list of texts must be. */
function isMemberRow(row: OptionRow): boolean {
  return row.path.at(-1) === '[]';
}

function optionLines(row: OptionRow): string[] {
  const lines = [`### \`${pathText(row.path)}\``, '', row.sentence];
  if (row.kind !== 'section' && (row.kind !== 'list' || row.variable !== undefined)) {
    lines.push('', `- Value: ${row.expectation}`);
    lines.push(`- Default: ${defaultOf(row)}`);
    if (row.variable !== undefined) lines.push(`- Variable: \`${row.variable}\``);
  }
  return [...lines, ''];
}

function defaultOf({ defaultText }: OptionRow): string {
  if (defaultText === undefined) return 'none';
  return defaultText === '' ? 'empty' : `\`${defaultText}\``;
}

/** studybridge.sample.yaml: a configuration of defaults; an option without one stands as a comment. */
export function sampleFile(): string {
  const lines = [
    '# Generated from the declaration of the options by `npm run generate`; do not edit, copy.',
    '# As it stands it says nothing but the defaults; what has none is commented out. Reference: docs/configuration.md.',
    '',
  ];
  for (const row of OPTION_ROWS) {
    if (!isMemberRow(row)) lines.push(...sampleLines(row));
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

function sampleLines(row: OptionRow): string[] {
  const name = row.path.at(-1) ?? '';
  const key = name.includes('.') ? JSON.stringify(name) : name;
  const indent = '  '.repeat(row.path.length - 1);
  const member = row.path.includes('[]');
  const bounds = row.kind === 'section' || row.kind === 'list' ? '' : ` Value: ${row.expectation}.`;
  const comment = `${member ? `${indent.slice(2)}#  ` : `${indent}#`} ${row.sentence}${bounds}`;
  if (row.kind === 'section') return [comment, `${indent}${key}:`, ...(name === 'sites' ? ['  default:'] : [])];
  if (row.kind === 'list' && row.example === undefined) return [comment, `${indent}${key}: []`];
  const example = row.example ?? row.defaultText ?? '…';
  const value = memberText(row, example);
  if (member)
    return [comment, `${name === 'name' ? `${indent.slice(2)}# - ` : `${indent.slice(2)}#   `}${key}: ${value}`];
  // A default that depends on another option is no plain value.
  const plain = row.defaultText !== undefined && row.example === undefined;
  return [comment, plain ? `${indent}${key}: ${yamlText(row.defaultText)}` : `${indent}# ${key}: ${value}`];
}

function memberText(row: OptionRow, example: string): string {
  if (row.kind === 'list') return example;
  // An identifier of digits is a text: unquoted, YAML would read a number.
  return row.kind === 'text' && /^\d+$/.test(example) ? JSON.stringify(example) : yamlText(example);
}

function yamlText(value: string): string {
  return /^(?:[A-Za-z0-9/.[][A-Za-z0-9._/+[\],:-]*(?: [A-Za-z0-9./]+)*\]?)$/.test(value) && !value.includes(': ')
    ? value
    : JSON.stringify(value);
}
