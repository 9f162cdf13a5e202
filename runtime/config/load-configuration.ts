// From a file and an environment to a checked configuration, or to every fault that was found.
import { resolve } from 'node:path';
import type * as z from 'zod';
import type { Configuration } from './configuration.ts';
import { ConfigurationError, type ConfigurationFault, shownValue } from './configuration-fault.ts';
import { type ConfigurationFile, configurationFile, siteFile } from './configuration-file.ts';
import { type Environment, isTree, originKey, type RawTree, readConfigurationSource } from './configuration-source.ts';
import { resolveKafka, resolveRegistry, retentionOf } from './kafka-resolution.ts';
import { nearestName } from './nearest-name.ts';
import { OPTION_ROWS, pathText, rowOf } from './option-table.ts';
import type { Faults } from './secret-text.ts';
import { resolveSites } from './site-resolution.ts';

export interface LoadedConfiguration {
  readonly configuration: Configuration;
  /** The file that was read, if any. */
  readonly path: string | undefined;
}

/** Throws a `ConfigurationError` with all faults together. */
export function loadConfiguration(options: {
  readonly environment: Environment;
  /** `--config`; absent, `studybridge.yaml` if it is there. */
  readonly file?: string | undefined;
  /** What relative paths are relative to. */
  readonly directory: string;
}): LoadedConfiguration {
  const source = readConfigurationSource(options.environment, options.file, options.directory);
  const faults = new FaultList(source.origins, source.faults);
  const brokersNamed = valueAt(source.tree, ['kafka', 'brokers']) !== undefined;
  const parsed = parseWithoutFaulty(source.tree, faults);
  if (parsed !== undefined) {
    const configuration = resolveConfiguration(parsed, { ...options, brokersNamed }, faults);
    if (faults.all.length === 0) return { configuration, path: source.path };
  }
  throw new ConfigurationError(faults.all);
}

/**
 * Parses; on faults records them, takes the faulty values out and parses again, so that the checks across options can
 * report theirs too.
 */
function parseWithoutFaulty(tree: RawTree, faults: FaultList): ConfigurationFile | undefined {
  const first = configurationFile.safeParse(tree);
  if (first.success) return first.data;
  for (const issue of first.error.issues) recordIssue(issue, tree, faults);
  for (const issue of first.error.issues) {
    for (const path of faultyPaths(issue)) removeAt(tree, path);
  }
  const second = configurationFile.safeParse(tree);
  return second.success ? second.data : undefined;
}

function recordIssue(issue: z.core.$ZodIssue, tree: RawTree, faults: FaultList): void {
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      const near = nearestName(key, namesAt(issue.path));
      const expectation = near === undefined ? 'no such option' : `no such option; did you mean ${near}?`;
      faults.add([...issue.path, key], valueAt(tree, [...issue.path, key]), expectation);
    }
    return;
  }
  if (issue.code === 'invalid_key') {
    faults.add(issue.path, undefined, 'a site name of lower-case letters, digits and hyphens, at most 32', '(a name)');
    return;
  }
  const expectation = rowOf(issue.path)?.expectation ?? memberExpectation(issue.path);
  faults.add(issue.path, valueAt(tree, issue.path), expectation);
}

function memberExpectation(path: readonly PropertyKey[]): string {
  return typeof path.at(-1) === 'number'
    ? (rowOf(path.slice(0, -1))?.expectation ?? 'a value')
    : 'a mapping of options';
}

/** The names that an option may have at this place. */
function namesAt(path: readonly PropertyKey[]): string[] {
  return OPTION_ROWS.flatMap((row) => {
    const last = row.path.at(-1);
    const parent = row.path.slice(0, -1);
    const fits =
      parent.length === path.length &&
      parent.every((part, at) => part === '*' || part === path[at] || (part === '[]' && typeof path[at] === 'number'));
    return fits && last !== undefined && last !== '[]' ? [last] : [];
  });
}

function faultyPaths(issue: z.core.$ZodIssue): (readonly PropertyKey[])[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => [...issue.path, key]);
  // A member of a list is taken out whole: what it lacks cannot be made up.
  const member = issue.path.findIndex((part) => typeof part === 'number');
  return [member === -1 ? issue.path : issue.path.slice(0, member)];
}

function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  let value = tree;
  for (const part of path) {
    if (Array.isArray(value) && typeof part === 'number') value = value[part];
    else if (isTree(value) && typeof part === 'string') value = value[part];
    else return undefined;
  }
  return value;
}

function removeAt(tree: RawTree, path: readonly PropertyKey[]): void {
  const parent = valueAt(tree, path.slice(0, -1));
  const last = path.at(-1);
  if (isTree(parent) && typeof last === 'string') delete parent[last];
}

function resolveConfiguration(
  file: ConfigurationFile,
  around: { readonly environment: Environment; readonly directory: string; readonly brokersNamed: boolean },
  faults: FaultList,
): Configuration {
  const { sites = {}, dataDir, retentionDays, kafka, schemaRegistry: _, ...rest } = file;
  const named = Object.keys(sites).length === 0 ? { default: siteFile.parse({}) } : sites;
  const retentionMs = retentionOf(retentionDays);
  if (kafka.spool.enabled && !around.brokersNamed) {
    faults.add(['kafka', 'spool', 'enabled'], true, 'false without kafka.brokers: there is nothing to forward to');
  }
  return {
    ...rest,
    dataDirectory: resolve(around.directory, dataDir),
    retentionMs,
    kafka: resolveKafka(file, retentionMs, around, faults),
    schemaRegistry: resolveRegistry(file, around.brokersNamed, around, faults),
    ...resolveSites(named, around, faults),
  };
}

/** Faults by path, each path once, under the name of the variable that set it. */
class FaultList implements Faults {
  readonly all: ConfigurationFault[];
  readonly #origins: ReadonlyMap<string, string>;
  readonly #seen = new Set<string>();

  constructor(origins: ReadonlyMap<string, string>, found: readonly ConfigurationFault[]) {
    this.#origins = origins;
    this.all = [...found];
  }

  add(path: readonly PropertyKey[], value: unknown, expectation: string, shown?: string): void {
    const place = originKey(path);
    if (this.#seen.has(place)) return;
    this.#seen.add(place);
    const key = this.#variableOf(path) ?? pathText(path);
    this.all.push({ key, value: shown ?? shownValue(String(path.at(-1) ?? ''), value), expectation });
  }

  /** The variable of a path that nothing set is named too, where the site is `default`. */
  addMissing(path: readonly PropertyKey[], expectation: string): void {
    const variable = path[0] !== 'sites' || path[1] === 'default' ? rowOf(path)?.variable : undefined;
    const place = originKey(path);
    if (this.#seen.has(place)) return;
    this.#seen.add(place);
    this.all.push({ key: variable ?? pathText(path), value: '(missing)', expectation });
  }

  addVariable(name: string, value: string, expectation: string): void {
    this.all.push({ key: name, value, expectation });
  }

  /** A member of a list is set by the variable of the list. */
  #variableOf(path: readonly PropertyKey[]): string | undefined {
    const own = this.#origins.get(originKey(path));
    return own === undefined && typeof path.at(-1) === 'number' ? this.#origins.get(originKey(path.slice(0, -1))) : own;
  }
}
