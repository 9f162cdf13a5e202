// The file's text and the environment's variables as one raw tree, with who set what.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { type ConfigurationFault, MASKED, shownValue } from './configuration-fault.ts';
import { nearestName } from './nearest-name.ts';
import { OPTION_ROWS, type OptionRow } from './option-table.ts';

export const TOKEN_VARIABLE = 'STUDYBRIDGE_CLOUD_TOKEN';
export const DEFAULT_FILE = 'studybridge.yaml';

/** Of the brokers, of the key to them and of the registry. */
export const KAFKA_PASSWORD_VARIABLE = 'STUDYBRIDGE_KAFKA_PASSWORD';
export const KAFKA_KEY_PASSPHRASE_VARIABLE = 'STUDYBRIDGE_KAFKA_KEY_PASSPHRASE';
export const REGISTRY_PASSWORD_VARIABLE = 'STUDYBRIDGE_SCHEMA_REGISTRY_PASSWORD';

/** Secrets, which are no options of the file, with what they are. */
export const SECRET_VARIABLES: readonly (readonly [name: string, sentence: string])[] = [
  [TOKEN_VARIABLE, 'the token itself, of the site `default`'],
  [KAFKA_PASSWORD_VARIABLE, 'the password at the Kafka brokers'],
  [KAFKA_KEY_PASSPHRASE_VARIABLE, 'the passphrase of `kafka.tls.keyFile`'],
  [REGISTRY_PASSWORD_VARIABLE, 'the password at the schema registry'],
];

/** Variables that are no options; the crash point belongs to tests. */
const FURTHER_VARIABLES = [...SECRET_VARIABLES.map(([name]) => name), 'STUDYBRIDGE_CRASH_POINT'];

export type RawTree = Record<string, unknown>;
export type Environment = Readonly<Record<string, string | undefined>>;

export interface ConfigurationSource {
  readonly tree: RawTree;
  /** The file that was read. */
  readonly path: string | undefined;
  /** From the joined path of an option to the variable that set it. */
  readonly origins: ReadonlyMap<string, string>;
  readonly faults: readonly ConfigurationFault[];
}

export function readConfigurationSource(
  environment: Environment,
  file: string | undefined,
  directory: string,
): ConfigurationSource {
  const faults: ConfigurationFault[] = [];
  const path = resolve(directory, file ?? DEFAULT_FILE);
  const text = readText(path, file, faults);
  const tree = text === undefined ? {} : parseTree(text, path, faults);
  const origins = overlay(tree, environment, faults);
  return { tree, path: text === undefined ? undefined : path, origins, faults };
}

export function originKey(path: readonly PropertyKey[]): string {
  return path.map(String).join('\0');
}

function readText(path: string, file: string | undefined, faults: ConfigurationFault[]): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    // Without --config, no file is no fault: the defaults and the variables are a configuration.
    if (file !== undefined || !absent) {
      faults.push({
        key: file === undefined ? DEFAULT_FILE : '--config',
        value: JSON.stringify(path),
        expectation: 'a readable file',
      });
    }
    return undefined;
  }
}

function parseTree(text: string, path: string, faults: ConfigurationFault[]): RawTree {
  const document = parseDocument(text, { uniqueKeys: true, stringKeys: true });
  for (const error of document.errors.slice(0, 20)) {
    const place = error.linePos === undefined ? '' : `, line ${error.linePos[0].line}`;
    // The parser's message quotes the line, which may hold a secret; its code says enough.
    faults.push({
      key: `${path}${place}`,
      value: MASKED,
      expectation: `YAML (${error.code.toLowerCase().replaceAll('_', ' ')})`,
    });
  }
  if (document.errors.length > 0) return {};
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  if (value === null || value === undefined) return {};
  if (isTree(value)) return value;
  faults.push({ key: path, value: shownValue('', value), expectation: 'a mapping of options' });
  return {};
}

/** Writes the variables over the file; those of a site describe the site `default`. */
function overlay(tree: RawTree, environment: Environment, faults: ConfigurationFault[]): Map<string, string> {
  const origins = new Map<string, string>();
  const known = new Set(FURTHER_VARIABLES);
  const others = otherSites(tree);
  for (const row of OPTION_ROWS) {
    if (row.variable === undefined) continue;
    known.add(row.variable);
    const text = environment[row.variable];
    if (text === undefined || text === '') continue;
    if (row.path.includes('*') && others !== undefined) {
      faults.push({ key: row.variable, value: shownValue('', text), expectation: siteExpectation(others) });
      continue;
    }
    const path = row.path.map((part) => (part === '*' ? 'default' : part));
    setAt(tree, path, variableValue(row, text));
    origins.set(originKey(path), row.variable);
  }
  if ((environment[TOKEN_VARIABLE] ?? '') !== '' && others !== undefined && !namesToken(tree)) {
    faults.push({ key: TOKEN_VARIABLE, value: MASKED, expectation: siteExpectation(others) });
  }
  for (const name of namedTokenVariables(tree)) known.add(name);
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('STUDYBRIDGE_') || known.has(name)) continue;
    const near = nearestName(name, known);
    faults.push({
      key: name,
      value: MASKED,
      expectation: near === undefined ? 'no such variable' : `no such variable; did you mean ${near}?`,
    });
  }
  return origins;
}

function siteExpectation(others: readonly string[]): string {
  return `not set: it describes the site default, but the file describes ${others.join(', ')}`;
}

/** The sites of a file that does not name `default`. */
function otherSites(tree: RawTree): readonly string[] | undefined {
  const { sites } = tree;
  if (!isTree(sites)) return undefined;
  const names = Object.keys(sites);
  return names.length === 0 || names.includes('default') ? undefined : names;
}

function namedTokenVariables(tree: RawTree): string[] {
  const { sites } = tree;
  if (!isTree(sites)) return [];
  return Object.values(sites).flatMap((site) => {
    const cloud = isTree(site) ? site['cloud'] : undefined;
    const name = isTree(cloud) ? cloud['tokenVariable'] : undefined;
    return typeof name === 'string' ? [name] : [];
  });
}

function namesToken(tree: RawTree): boolean {
  return namedTokenVariables(tree).includes(TOKEN_VARIABLE);
}

/** A variable is text; where a number or a truth value is due, text that is none stays text and becomes a fault. */
function variableValue(row: OptionRow, text: string): unknown {
  if (row.kind === 'list') return text.split(',').map((member) => member.trim());
  if (row.kind === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (row.kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function setAt(tree: RawTree, path: readonly string[], value: unknown): void {
  let place = tree;
  for (const part of path.slice(0, -1)) {
    const next = place[part];
    if (isTree(next)) {
      place = next;
      continue;
    }
    // Anything but a mapping or nothing is a fault of the file, which the declaration finds: it stays.
    if (next !== undefined && next !== null) return;
    const made: RawTree = {};
    place[part] = made;
    place = made;
  }
  const last = path.at(-1);
  if (last !== undefined) place[last] = value;
}

export function isTree(value: unknown): value is RawTree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
