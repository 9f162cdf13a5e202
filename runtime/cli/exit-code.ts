// How the process ends, and what it says when it could not do what it was asked.
import { FAILURE_CODES } from '../../schemas/failure-codes.ts';
import { ConfigurationError } from '../config/configuration-fault.ts';
import { EnvironmentError } from '../contracts/environment-error.ts';
import { ControlError } from '../control/control-client.ts';
import { codeOf } from '../wiring/service-stack.ts';
import type { Terminal } from './terminal.ts';

export const EXIT = { done: 0, runtime: 1, configuration: 2, environment: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A command's own finding that ends it with code 1; the message is plain and holds no data. */
export class CommandFailure extends Error {}

/** Says what went wrong, without a stack and without text from outside, and returns the exit code. */
export function reportFailure(terminal: Terminal, error: unknown): ExitCode {
  if (error instanceof ConfigurationError) {
    terminal.error(`The configuration has ${error.faults.length} fault${error.faults.length === 1 ? '' : 's'}:`);
    for (const { key, value, expectation } of error.faults) {
      terminal.error(`  ${key}: ${value}; expected ${expectation}`);
    }
    return EXIT.configuration;
  }
  if (error instanceof EnvironmentError) {
    terminal.error(`${error.message} (${error.code})`);
    terminal.error(`  ${FAILURE_CODES[error.code].remedy}`);
    return EXIT.environment;
  }
  if (error instanceof CommandFailure) {
    terminal.error(error.message);
    return EXIT.runtime;
  }
  const code = error instanceof ControlError ? error.code : codeOf(error);
  terminal.error(isExplained(code) ? `${FAILURE_CODES[code].meaning} (${code})` : `failed: ${code}`);
  if (isExplained(code)) terminal.error(`  ${FAILURE_CODES[code].remedy}`);
  return EXIT.runtime;
}

export function isExplained(code: string): code is keyof typeof FAILURE_CODES {
  return Object.hasOwn(FAILURE_CODES, code);
}
