// Log lines of the facts: JSON for machines, one plain line a fact on a terminal.
import { pino } from 'pino';
import { FACTS, type FactDeclaration, type FactName } from '../contracts/telemetry.ts';
import { terminalLine } from './terminal-line.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'silent';

export interface LogOutput {
  /** Lines for people instead of JSON. */
  readonly pretty: boolean;
  readonly colour: boolean;
  write(line: string): void;
}

export type FactLog = (name: FactName, fields: Readonly<Record<string, unknown>>) => void;

/**
 * Writes only what a fact declares: a field that is not in its declaration, or of another type, is left out. So a log
 * line cannot carry an error object, nor what a library says about the data (invariant 8).
 */
export function factLog(level: LogLevel, output: LogOutput): FactLog {
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line) => output.write(output.pretty ? terminalLine(line, output.colour) : line) },
  );
  return (name, fields) => {
    const fact: FactDeclaration = FACTS[name];
    if (!logger.isLevelEnabled(fact.level)) return;
    logger[fact.level]({ fact: name, ...allowed(fact, fields) }, fact.message);
  };
}

const TEXT_LENGTH_MAX = 200;

// Invariant 8.
function allowed(fact: FactDeclaration, fields: Readonly<Record<string, unknown>>): Record<string, string | number> {
  const shown: Record<string, string | number> = {};
  for (const [field, type] of Object.entries(fact.fields)) {
    const value = fields[field];
    if (type === 'number' && typeof value === 'number') shown[field] = readable(value);
    if (type === 'string' && typeof value === 'string') shown[field] = value.slice(0, TEXT_LENGTH_MAX);
  }
  return shown;
}

/** A duration to the nanosecond says no more than one to six digits. */
function readable(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(6));
}
