// Outcomes as text for a person and as JSON to keep.
import { cpus, totalmem } from 'node:os';
import type { Aim, Outcome, Spread } from './measurement.ts';

export interface Report {
  readonly at: string;
  readonly machine: {
    readonly cpus: number;
    readonly model: string;
    readonly memoryGiB: number;
    readonly node: string;
  };
  readonly runs: number;
  readonly seconds: number;
  readonly outcomes: readonly Outcome[];
}

export function reportOf(outcomes: readonly Outcome[], runs: number, seconds: number): Report {
  const [cpu] = cpus();
  const machine = {
    cpus: cpus().length,
    model: cpu?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
  return { at: new Date().toISOString(), machine, runs, seconds, outcomes };
}

export function outcomeText(outcome: Outcome): string {
  const lines = [`\n${outcome.name}`, `  ${outcome.what}`];
  for (const [side, figures] of Object.entries(outcome.figures)) {
    const parts = Object.entries(figures).map(([name, spread]) => `${name} ${spreadText(spread)}`);
    lines.push(`  ${side.padEnd(28)} ${parts.join('; ')}`);
  }
  for (const aim of outcome.aims) {
    const against = aim.against === undefined ? '' : ` / ${aim.against}`;
    const measured = aim.measured === null ? 'not measured' : spreadText(aim.measured);
    const verdict = aim.reached === null ? '' : aim.reached ? ', reached' : ', MISSED';
    lines.push(`  aim: ${aim.figure} of ${aim.side}${against} ${boundText(aim)}: ${measured}${verdict}`);
  }
  return lines.join('\n');
}

function boundText(aim: Aim): string {
  const bounds = [];
  if (aim.atLeast !== undefined) bounds.push(`>= ${aim.atLeast}`);
  if (aim.atMost !== undefined) bounds.push(`<= ${aim.atMost}`);
  return bounds.join(' and ');
}

function spreadText({ median, min, max }: Spread): string {
  return `${numberText(median)} (${numberText(min)}-${numberText(max)})`;
}

function numberText(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(2);
}
