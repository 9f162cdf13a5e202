// What is wrong with a configuration: all of it at once, with no secret in it.

export interface ConfigurationFault {
  /** The variable or the path in the file. */
  readonly key: string;
  /** As text, masked where it is or may be a secret. */
  readonly value: string;
  /** What it must be. */
  readonly expectation: string;
}

/** Carries every fault that was found; the process ends with code 2. */
export class ConfigurationError extends Error {
  readonly code = 'process.configuration';
  readonly faults: readonly ConfigurationFault[];
  constructor(faults: readonly ConfigurationFault[]) {
    super(`${faults.length} faults in the configuration`);
    this.name = 'ConfigurationError';
    this.faults = faults;
  }
}

export const MASKED = '(not shown)';
const SECRET_NAME = /token|secret|passw|credential|key/i;

/** An unknown name may be a misspelt secret: then its value is not shown. */
export function shownValue(name: string, value: unknown): string {
  if (value === undefined) return '(missing)';
  if (value === null) return '(empty)';
  if (Array.isArray(value)) return '(a list)';
  if (typeof value === 'object') return '(a mapping)';
  if (SECRET_NAME.test(name)) return MASKED;
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(withoutCredentials(value).slice(0, 120));
}

/** `https://user:password@host` loses what stands before the host. */
function withoutCredentials(value: string): string {
  return value.replace(/\/\/[^/@]*@/, '//…@');
}
