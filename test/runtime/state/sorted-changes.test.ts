// Changes in the order of their keys, against a plain Map.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StateChange } from '../../../runtime/log/tasks/task-storage.ts';
import { SortedChanges } from '../../../runtime/state/sorted-changes.ts';

function newest(changes: readonly StateChange[]): ReadonlyMap<string, string | undefined> {
  return new Map(changes.map(({ store, key, bytes }) => [`${store}/${key}`, bytes && Buffer.from(bytes).toString()]));
}

test('sorted changes hold the newest of each key once, store by store, in the order of keys', () => {
  const change = fc.record({
    store: fc.constantFrom('a', 'b'),
    key: fc.string({ unit: fc.constantFrom('x', 'y', 'é', '\u{1F600}'), minLength: 1, maxLength: 3 }),
    bytes: fc.option(fc.uint8Array({ maxLength: 2 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const sorted = new SortedChanges();
      for (const one of changes) sorted.add(one);
      const taken = [...sorted.take()];
      expect(newest(taken)).toEqual(newest(changes));
      expect(taken).toHaveLength(newest(changes).size);
      for (const store of ['a', 'b']) {
        const keys = taken.filter((one) => one.store === store).map(({ key }) => key);
        expect(keys).toEqual([...keys].sort());
      }
      expect([...sorted.take()]).toEqual([]);
      expect(sorted.bytes).toBe(0);
    }),
    { numRuns: 500 },
  );
});

test('sorted changes of many runs are merged so that the newest of each key stays', () => {
  const sorted = new SortedChanges();
  const changes = Array.from({ length: 50_000 }, (_, index) => ({
    store: 's',
    key: String((index * 7_919) % 20_011),
    bytes: Buffer.from(String(index)),
  }));
  for (const one of changes) sorted.add(one);
  const taken = [...sorted.take()];
  expect(taken).toHaveLength(20_011);
  expect(newest(taken)).toEqual(newest(changes));
});
