// Counts the records of each key and says each count once: a lost, doubled or torn commit shows in the numbers.
import { numberCodec } from '../../../../runtime/contracts/state-codecs.ts';
import type { TaskDefinition } from '../../../../runtime/contracts/task.ts';
import { entry } from '../log-under-test.ts';

export const counting: TaskDefinition<{ counts: number }> = {
  name: 'counting',
  inputs: ['hl7.messages'],
  outputs: ['studies'],
  stores: { counts: numberCodec },
  process: ({ key }, { state, emit }) => {
    const count = (state.counts.get(key) ?? 0) + 1;
    state.counts.set(key, count);
    emit(entry('studies', key, String(count)));
  },
};
