// The image tally with 100,000 open studies, state and snapshots durable, beside a count in memory.
import { figuresOf } from './child-process.ts';
import type { Benchmark } from './measurement.ts';

export const tallyBenchmark: Benchmark = {
  name: 'tally',
  what: '500,000 store events (10 % repeats) over 100,000 open studies from the embedded log; floor: scan, decode, Map and Set in memory.',
  sides: [
    { name: 'bridge', measure: () => figuresOf('tally-side', ['task']) },
    { name: 'sets in memory', measure: () => figuresOf('tally-side', ['memory']) },
  ],
  aims: [
    { side: 'bridge', figure: 'instancesPerSecond', atLeast: 20_000 },
    { side: 'bridge', figure: 'anonymousMiB', atMost: 1_024 },
    { side: 'bridge', figure: 'instancesPerSecond', against: 'sets in memory', atLeast: 0 },
  ],
};
