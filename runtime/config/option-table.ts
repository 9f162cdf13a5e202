// Every option as a row, read off the declaration: for variables, faults, help, reference and sample.
import * as z from 'zod';
import { configurationFile } from './configuration-file.ts';

export interface OptionRow {
  /** `*` stands for a site's name, `[]` for a member of a list. */
  readonly path: readonly string[];
  readonly kind: 'section' | 'integer' | 'boolean' | 'text' | 'list';
  readonly sentence: string;
  /** What a value must be, in words. */
  readonly expectation: string;
  readonly defaultText: string | undefined;
  readonly variable: string | undefined;
  readonly example: string | undefined;
}

export const OPTION_ROWS: readonly OptionRow[] = [
  ...rowsBelow([], z.toJSONSchema(configurationFile, { io: 'input', unrepresentable: 'any' })),
];

/** The row of a value's path, whatever the site's name or the place in a list. */
export function rowOf(path: readonly PropertyKey[]): OptionRow | undefined {
  return OPTION_ROWS.find(
    (row) =>
      row.path.length === path.length &&
      row.path.every(
        (part, at) => part === '*' || part === path[at] || (part === '[]' && typeof path[at] === 'number'),
      ),
  );
}

/** `sites.*.sources.hl7[].name`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (part === '[]') return `${text}[]`;
    if (typeof part === 'number') return `${text}[${part}]`;
    const name = String(part);
    if (name.includes('.')) return `${text}["${name}"]`;
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

type Node = z.core.JSONSchema.BaseSchema;

function* rowsBelow(path: readonly string[], node: Node): Iterable<OptionRow> {
  if (path.length > 0) yield row(path, node);
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    if (typeof child === 'object') yield* rowsBelow([...path, name], child);
  }
  if (typeof node.additionalProperties === 'object') {
    for (const [name, child] of Object.entries(node.additionalProperties.properties ?? {})) {
      if (typeof child === 'object') yield* rowsBelow([...path, '*', name], child);
    }
  }
  const member = memberOf(node);
  if (member !== undefined) yield* rowsBelow([...path, '[]'], member);
}

function memberOf(node: Node): Node | undefined {
  const { items } = node;
  return typeof items === 'object' && !Array.isArray(items) ? items : undefined;
}

function row(path: readonly string[], node: Node): OptionRow {
  const kind = kindOf(node);
  return {
    path,
    kind,
    sentence: meta(node, 'sentence') ?? '',
    expectation: meta(node, 'expects') ?? expectationOf(node),
    defaultText:
      meta(node, 'defaultText') ?? (kind === 'section' || kind === 'list' ? undefined : valueText(node.default)),
    variable: meta(node, 'variable'),
    example: valueText(node['example']),
  };
}

function kindOf(node: Node): OptionRow['kind'] {
  if (node.type === 'integer') return 'integer';
  if (node.type === 'boolean') return 'boolean';
  if (node.type === 'array') return 'list';
  return node.type === 'object' ? 'section' : 'text';
}

function expectationOf(node: Node): string {
  if (node.enum !== undefined) return `one of ${node.enum.join(', ')}`;
  if (node.type === 'integer') return `a whole number from ${node.minimum} to ${node.maximum}`;
  if (node.type === 'boolean') return 'true or false';
  if (node.type === 'array') return 'a list';
  if (node.type === 'object') return 'a mapping of options';
  return 'a text';
}

function meta(node: Node, name: string): string | undefined {
  const value = node[name];
  return typeof value === 'string' ? value : undefined;
}

function valueText(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
}
