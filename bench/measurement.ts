// What a benchmark is, how its sides are interleaved, and how runs become medians and ratios.

/** Figures of one run of one side, by name; units last in the name. */
export type Figures = Readonly<Record<string, number>>;

export interface Side {
  readonly name: string;
  measure(options: RunOptions): Promise<Figures>;
}

export interface RunOptions {
  /** How long a closed loop is measured, seconds. */
  readonly seconds: number;
}

/** What is hoped for, printed beside what was measured; never an assertion. */
export interface Aim {
  readonly side: string;
  readonly figure: string;
  /** Compared with this side's same figure when named, else absolute. */
  readonly against?: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface Benchmark {
  readonly name: string;
  /** One sentence: what is done, in which shape, and what the floor or peer does instead. */
  readonly what: string;
  readonly sides: readonly Side[];
  readonly aims: readonly Aim[];
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: readonly number[];
}

export interface Outcome {
  readonly name: string;
  readonly what: string;
  readonly figures: Readonly<Record<string, Readonly<Record<string, Spread>>>>;
  readonly aims: readonly (Aim & { readonly measured: Spread | null; readonly reached: boolean | null })[];
}

/** Runs the sides in turn, A B A B …, so that a machine whose speed drifts treats them alike. */
export async function runBenchmark(
  benchmark: Benchmark,
  runs: number,
  options: RunOptions,
  progress: (line: string) => void,
): Promise<Outcome> {
  const measured = new Map<string, Figures[]>(benchmark.sides.map((side) => [side.name, []]));
  for (let run = 0; run < runs; run += 1) {
    for (const side of benchmark.sides) {
      progress(`${benchmark.name}: ${side.name}, run ${run + 1} of ${runs}`);
      measured.get(side.name)?.push(await side.measure(options));
    }
  }
  return outcomeOf(benchmark, measured);
}

function outcomeOf(benchmark: Benchmark, measured: ReadonlyMap<string, readonly Figures[]>): Outcome {
  const figures: Record<string, Record<string, Spread>> = {};
  for (const [side, runs] of measured) {
    const names = new Set(runs.flatMap((run) => Object.keys(run)));
    figures[side] = Object.fromEntries([...names].map((name) => [name, spreadOf(valuesOf(runs, name))]));
  }
  const aims = benchmark.aims.map((aim) => {
    const spread = aimedSpread(aim, measured);
    const reached =
      spread === null ? null : spread.median >= (aim.atLeast ?? -Infinity) && spread.median <= (aim.atMost ?? Infinity);
    return { ...aim, measured: spread, reached };
  });
  return { name: benchmark.name, what: benchmark.what, figures, aims };
}

/** The aim's figure, or its ratio run by run to the side it is held against. */
function aimedSpread(aim: Aim, measured: ReadonlyMap<string, readonly Figures[]>): Spread | null {
  const own = valuesOf(measured.get(aim.side) ?? [], aim.figure);
  if (aim.against === undefined) return own.length === 0 ? null : spreadOf(own);
  const other = valuesOf(measured.get(aim.against) ?? [], aim.figure);
  const ratios = own.flatMap((value, run) => {
    const base = other[run];
    return base === undefined || base === 0 ? [] : [value / base];
  });
  return ratios.length === 0 ? null : spreadOf(ratios);
}

function valuesOf(runs: readonly Figures[], name: string): number[] {
  return runs.flatMap((run) => run[name] ?? []);
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  const low = sorted[middle - 1] ?? high;
  const median = sorted.length % 2 === 1 ? high : (low + high) / 2;
  return { median, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN, runs: values };
}

/** The value below which the given share of a sorted list lies. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
