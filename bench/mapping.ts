// Parse, map and encode of a result message on one core beside a naive split of the same bytes.
import { figuresOf } from './child-process.ts';
import type { Benchmark } from './measurement.ts';

export const mappingBenchmark: Benchmark = {
  name: 'mapping',
  what: 'A 15-segment ORU^R01 of 1.6 KB: charset, parse, map, Avro record with the raw bytes; floor: decode and split at CR, | and ^.',
  sides: [
    { name: 'bridge', measure: ({ seconds }) => figuresOf('mapping-side', ['bridge', String(seconds)]) },
    { name: 'naive split', measure: ({ seconds }) => figuresOf('mapping-side', ['split', String(seconds)]) },
  ],
  aims: [
    { side: 'bridge', figure: 'messagesPerSecond', atLeast: 40_000 },
    { side: 'bridge', figure: 'messagesPerSecond', against: 'naive split', atLeast: 0 },
  ],
};
