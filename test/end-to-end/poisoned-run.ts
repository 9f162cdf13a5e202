// A run of the whole way with poison among its events: what the cloud ended with, and what became of the poison.
import { expect } from 'vitest';
import { seededRandom } from '../../runtime/log/hurt/seeded-random.ts';
import { type Position, positionText } from '../../schemas/record-entry.ts';

import { entryOf, type HospitalEvent } from './eventful-hospital.ts';
import { openLogOfRun } from './log-of-run.ts';
import { recordsIn } from './log-records.ts';
import { type Poison, poisonOf } from './poison.ts';
import { openWholeWay, type WholeWay } from './whole-way.ts';

export interface RunPlan {
  readonly events: readonly HospitalEvent[];
  /** Of all events, 0 to 1. */
  readonly poisonShare: number;
  readonly seed: number;
  /** Appended at once. */
  readonly piece: number;
}

export interface RunOutcome {
  /** Until tally and assembly had read everything: the parts that meet the poison. */
  readonly tookMs: number;
  readonly finalState: ReadonlyMap<string, string>;
  readonly poisoned: number;
  /** Sentences about poison that is not one dead letter with its reason and position, and about other dead letters. */
  readonly faults: readonly string[];
}

interface Planted extends Poison {
  readonly position: Position;
}

export async function poisonedRun({ events, poisonShare, seed, piece }: RunPlan): Promise<RunOutcome> {
  const opened = await openLogOfRun();
  await using way = await openWholeWay(opened);
  const random = seededRandom(seed);
  const planted: Planted[] = [];
  const begunAtMs = performance.now();
  for (let at = 0; at < events.length; at += piece) {
    const poisons: (Poison | undefined)[] = [];
    const entries = events.slice(at, at + piece).flatMap((event) => {
      const entry = entryOf(event, way);
      poisons.push(undefined);
      if (!random.happens(poisonShare)) return [entry];
      const poison = poisonOf(way, planted.length + poisons.filter((known) => known !== undefined).length);
      poisons.push(poison);
      return [entry, poison.entry];
    });
    const positions = await way.append(entries);
    for (const [index, poison] of poisons.entries()) {
      const position = positions[index];
      if (poison !== undefined && position !== undefined) planted.push({ ...poison, position });
    }
    await way.read();
  }
  const tookMs = performance.now() - begunAtMs;
  await way.settled();
  expect(opened.fatal).toEqual([]);
  const faults = await faultsOf(planted, way);
  return { tookMs, finalState: await way.finalState(), poisoned: planted.length, faults };
}

async function faultsOf(planted: readonly Planted[], { log }: WholeWay): Promise<readonly string[]> {
  const wanted = planted.map(({ stage, code, position }) =>
    lineOf(stage, code, stage === 'intake' ? 'no position' : positionText(position)),
  );
  const letters = await recordsIn(log, 'dead.letters');
  const found = letters.map(({ stage, code, reason, position }) => {
    const where = position === null ? 'no position' : `${position.topic}/${position.partition}/${position.offset}`;
    return lineOf(stage, reason === '' ? `${code} without a reason` : code, where);
  });
  return [
    ...without(wanted, found).map((line) => `no dead letter: ${line}`),
    ...without(found, wanted).map((line) => `unexpected: ${line}`),
  ];
}

function lineOf(stage: string, code: string, where: string): string {
  return `${stage} ${code} ${where}`;
}

/** As often as they stand in the first and not in the second. */
function without(lines: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}
