// A task with state, timers and outputs, for logs that are carried elsewhere.
import { numberCodec } from '../../../runtime/contracts/state-codecs.ts';
import type { TaskDefinition } from '../../../runtime/contracts/task.ts';
import { entry } from '../log/log-under-test.ts';

export type Counts = { counts: number };

/** Counts the records of each key, and says a count again a second after the last. */
export const counter: TaskDefinition<Counts> = {
  name: 'counter',
  inputs: ['hl7.messages'],
  outputs: ['studies'],
  stores: { counts: numberCodec },
  process: (record, { state, timers, emit, nowMs }) => {
    const count = (state.counts.get(record.key) ?? 0) + 1;
    state.counts.set(record.key, count);
    timers.schedule(record.key, nowMs + 1_000);
    emit(entry('studies', record.key, String(count)));
  },
  wake: (key, { state, emit }) => emit(entry('studies', key, `quiet at ${state.counts.get(key)}`)),
};
