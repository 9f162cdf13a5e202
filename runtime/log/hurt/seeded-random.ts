// Chance that can be repeated: the same seed, the same sequence.
export interface SeededRandom {
  /** Whether something of this probability happens, 0 to 1. */
  happens(probability: number): boolean;
  /** A whole number from 0 up to and without `bound`. */
  below(bound: number): number;
}

/** Mulberry32. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  return { happens: (probability) => next() < probability, below: (bound) => Math.floor(next() * bound) };
}
