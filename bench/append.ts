// Durable append beside raw append and fdatasync with the same grouping.
import { figuresOf } from './child-process.ts';
import type { Benchmark } from './measurement.ts';

export const appendBenchmark: Benchmark = {
  name: 'append',
  what: '64 writers, one 1.5 KB record each at a time, until durable; floor: a file, one write and fdatasync a group.',
  sides: [
    { name: 'embedded log', measure: ({ seconds }) => figuresOf('append-side', ['log', String(seconds)]) },
    { name: 'raw file', measure: ({ seconds }) => figuresOf('append-side', ['raw', String(seconds)]) },
  ],
  aims: [{ side: 'embedded log', figure: 'recordsPerSecond', against: 'raw file', atLeast: 0.45 }],
};
