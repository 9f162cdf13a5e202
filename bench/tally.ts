// The image tally, state and snapshots durable, beside a count in memory.
import { figuresOf } from './child-process.ts';
import type { Benchmark, Side } from './measurement.ts';

export const tallyBenchmarks: readonly Benchmark[] = [
  {
    name: 'tally-open',
    what: '500,000 store events (10 % repeats) over 100,000 open studies in turn from the embedded log; floor: scan, decode, Map and Set in memory.',
    sides: sidesOf('open'),
    aims: [
      { side: 'bridge', figure: 'instancesPerSecond', atLeast: 20_000 },
      { side: 'bridge', figure: 'anonymousMiB', atMost: 1_024 },
      { side: 'bridge', figure: 'instancesPerSecond', against: 'sets in memory', atLeast: 0 },
    ],
  },
  {
    name: 'tally-passing',
    what: '1,000,000 store events (10 % repeats) of 10,000 studies, 200 at a time; floor as above. Kafka Streams, exactly once, of this shape: 72,000/s.',
    sides: sidesOf('passing'),
    aims: [
      { side: 'bridge', figure: 'instancesPerSecond', atLeast: 20_000 },
      { side: 'bridge', figure: 'instancesPerSecond', against: 'sets in memory', atLeast: 0 },
    ],
  },
];

function sidesOf(shape: string): readonly Side[] {
  return [
    { name: 'bridge', measure: () => figuresOf('tally-side', ['task', shape]) },
    { name: 'sets in memory', measure: () => figuresOf('tally-side', ['memory', shape]) },
  ];
}
