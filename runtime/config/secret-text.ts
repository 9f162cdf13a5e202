// Secrets and certificates: from a variable or a file, never from the configuration file itself.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { MASKED } from './configuration-fault.ts';
import type { Environment } from './configuration-source.ts';

export interface Faults {
  add(path: readonly PropertyKey[], value: unknown, expectation: string, shown?: string): void;
  addMissing(path: readonly PropertyKey[], expectation: string): void;
  addVariable(name: string, value: string, expectation: string): void;
}

export interface Surroundings {
  readonly environment: Environment;
  /** What relative paths are relative to. */
  readonly directory: string;
}

/** The text of a file; undefined when none is named, or when it cannot be read, which is a fault. */
export function fileText(
  path: readonly string[],
  file: string | undefined,
  { directory }: Surroundings,
  faults: Faults,
): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(resolve(directory, file), 'utf8');
  } catch {
    // Why it cannot be read is the operator's to see by looking; the fault names the file.
    faults.add(path, undefined, 'the path of a readable file', JSON.stringify(file));
    return undefined;
  }
}

/** From a variable, or from the first line of a file; both together are a fault, and so is an empty secret. */
export function secretText(
  source: { readonly variable: string; readonly path: readonly string[]; readonly file: string | undefined },
  around: Surroundings,
  faults: Faults,
): string | undefined {
  const { variable, path, file } = source;
  const given = around.environment[variable] ?? '';
  if (file === undefined) return given === '' ? undefined : given;
  if (given !== '') {
    faults.add(path, undefined, `the secret from one place, ${variable} or a file, not both`, MASKED);
    return undefined;
  }
  const line = fileText(path, file, around, faults)?.split(/\r?\n/, 1)[0]?.trim();
  if (line === '') faults.add(path, undefined, 'a file whose first line is the secret', '(empty)');
  return line === '' ? undefined : line;
}
