// Numbers that look random and are the same for the same seed, everywhere.
import { createHash } from 'node:crypto';

export interface RandomSource {
  /** From 0, below 1. */
  next(): number;
  /** Both ends included. */
  integer(min: number, max: number): number;
  pick<const Members extends readonly [unknown, ...unknown[]]>(members: Members): Members[number];
  /** True in that share of the calls, 0 to 1. */
  chance(share: number): boolean;
}

/** mulberry32 (public domain, Tommy Ettinger), started from a hash of the text. */
export function seededRandom(text: string): RandomSource {
  let state = createHash('sha256').update(text).digest().readUInt32LE(0);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    integer,
    pick: (members) => members[integer(0, members.length - 1)],
    chance: (share) => next() < share,
  };
}

/** A UID under 2.25 (PS3.5 annex B.2), the same for the same text: a hash stands in for the UUID. */
export function seededUid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex').slice(0, 32);
  return `2.25.${BigInt(`0x${hex}`)}`;
}
