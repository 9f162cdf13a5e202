/**
 * The store events of the tally on Kafka, seeded: every side counts the same events in the same order.
 *
 * 200 studies are open at a time, each with 5 series and 100 events; one event in ten repeats an instance of its study
 * that was sent before. The sequence is that of the generator by which Kafka Streams was first measured, which drew its
 * numbers from `java.util.Random`.
 */
const OPEN_STUDIES = 200;
const SERIES = 5;
const REPEATED_ONE_IN = 10;
const SEED = 42;

export interface StoreEventSize {
  readonly events: number;
  readonly studies: number;
}

export interface StoreEventIdentity {
  readonly study: number;
  readonly series: number;
  readonly instance: number;
}

/** What a right count comes to. */
export interface Truth {
  readonly instances: number;
  readonly series: number;
  readonly studies: number;
}

export function* storeEvents({ events, studies }: StoreEventSize): Generator<StoreEventIdentity, Truth> {
  const random = new JavaRandom(SEED);
  const perStudy = Math.floor(events / studies);
  const series = new Set<number>();
  let begun = 0;
  let distinct = 0;
  const next = (): Slot => ({ study: begun < studies ? begun++ : -1, left: perStudy, sent: 0 });
  const slots = Array.from({ length: OPEN_STUDIES }, next);
  for (let made = 0; made < events; ) {
    const at = random.below(OPEN_STUDIES);
    const slot = slots[at];
    if (slot === undefined || slot.study < 0) {
      if (slots.every(({ study }) => study < 0)) break;
      continue;
    }
    const repeats = slot.sent > 0 && random.below(REPEATED_ONE_IN) === 0;
    const instance = repeats ? random.below(slot.sent) : slot.sent;
    if (!repeats) {
      slot.sent += 1;
      distinct += 1;
      series.add(slot.study * SERIES + (instance % SERIES));
    }
    yield { study: slot.study, series: instance % SERIES, instance };
    made += 1;
    slot.left -= 1;
    if (slot.left === 0) slots[at] = next();
  }
  return { instances: distinct, series: series.size, studies: begun };
}

interface Slot {
  readonly study: number;
  left: number;
  /** Instances sent: they are numbered from 0. */
  sent: number;
}

/**
 * The linear congruential generator of `java.util.Random`: 48 bits, in two halves that multiply exactly.
 *
 * Source: Java SE API specification, class java.util.Random.
 */
export class JavaRandom {
  #high: number;
  #low: number;

  constructor(seed: number) {
    this.#high = Math.floor(seed / HALF) ^ MULTIPLIER_HIGH;
    this.#low = (seed % HALF) ^ MULTIPLIER_LOW;
  }

  /** From 0 to `bound`, exclusive. */
  below(bound: number): number {
    if ((bound & -bound) === bound) return Math.floor((bound * this.#next31()) / 2 ** 31);
    for (;;) {
      const bits = this.#next31();
      const value = bits % bound;
      // The last, incomplete round of values would favour the small ones.
      if (bits - value + (bound - 1) < 2 ** 31) return value;
    }
  }

  #next31(): number {
    const low = this.#low * MULTIPLIER_LOW + ADDEND;
    const high = this.#high * MULTIPLIER_LOW + this.#low * MULTIPLIER_HIGH + Math.floor(low / HALF);
    this.#low = low % HALF;
    this.#high = high % HALF;
    return Math.floor((this.#high * HALF + this.#low) / 2 ** 17);
  }
}

const HALF = 2 ** 24;
/** 0x5DEECE66D. */
const MULTIPLIER_HIGH = 0x5de;
const MULTIPLIER_LOW = 0xece66d;
const ADDEND = 0xb;
