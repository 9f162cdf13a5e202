// When and where the lives of a killed process end: half at random moments, half at the crash points in turn.
import type { CrashPoint } from '../../runtime/contracts/crash-point.ts';
import type { Ending } from './killed-lives.ts';

export const SEED = Number(process.env['STUDYBRIDGE_TEST_SEED'] ?? Date.now() % 1_000_000);

export const CRASH_POINTS: readonly CrashPoint[] = [
  'append.before',
  'append.after',
  'flush.before',
  'flush.after',
  'acknowledge.before',
  'acknowledge.after',
  'commit.before',
  'commit.after',
  'request.sent',
  'answer.read',
  'restore',
  'drain',
];

export function killEndings(count: number): readonly Ending[] {
  const random = randomOf(SEED);
  return Array.from({ length: count }, (_, life): Ending => {
    const point = CRASH_POINTS[Math.floor(life / 2) % CRASH_POINTS.length];
    if (life % 2 === 0 || point === undefined) return { how: 'kill', afterMs: Math.floor(random() * 400) };
    return { how: 'crash point', point, passage: 1 + Math.floor(random() * 4) };
  });
}

/** From 0 to below 1. */
export type Random = () => number;

/** Mulberry32: small, seeded, good enough to spread kills over time. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
