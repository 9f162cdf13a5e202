// The overlay against a plain Map, on random histories.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { textCodec } from '../../../runtime/contracts/state-codecs.ts';
import { MemoryStores } from '../../../runtime/log/hurt/memory-store.ts';
import { compareKeys } from '../../../runtime/state/key-order.ts';
import { KEY_BYTES_MAX, OverlayStore } from '../../../runtime/state/overlay-store.ts';

const keys = fc.string({
  unit: fc.constantFrom('a', 'b', '/', 'é', '\uFF21', '\u{1F600}'),
  minLength: 1,
  maxLength: 5,
});

test('the order of keys is that of their UTF-8 bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (left, right) => {
      expect(Math.sign(compareKeys(left, right))).toBe(Buffer.compare(Buffer.from(left), Buffer.from(right)));
    }),
    { numRuns: 2_000 },
  );
});

test('an overlay reads as if its writes were committed, and its changes make them so', () => {
  const write = fc.record({ key: keys, value: fc.option(fc.string(), { nil: undefined }) });
  fc.assert(
    fc.property(fc.array(write), fc.array(write), fc.array(keys), (before, during, prefixes) => {
      const stores = new MemoryStores();
      const model = new Map<string, string>();
      for (const { key, value } of before) {
        stores.apply([{ store: 's', key, bytes: value === undefined ? undefined : Buffer.from(value) }]);
        note(model, key, value);
      }
      const overlay = new OverlayStore(stores.store('s'), textCodec);
      for (const [index, { key, value }] of during.entries()) {
        if (value === undefined) overlay.delete(key);
        else overlay.set(key, value);
        note(model, key, value);
        if (index % 3 === 0) expect([...overlay.range('a')]).toEqual(within(model, 'a'));
      }
      for (const prefix of ['', ...prefixes]) {
        expect([...overlay.range(prefix)]).toEqual(within(model, prefix));
        expect(overlay.get(prefix)).toBe(model.get(prefix));
      }
      stores.apply([...overlay.changes()].map(([key, bytes]) => ({ store: 's', key, bytes })));
      expect([...new OverlayStore(stores.store('s'), textCodec).range('')]).toEqual(within(model, ''));
    }),
    { numRuns: 500 },
  );
});

test('a key is bounded by its bytes, not by its characters', () => {
  const overlay = new OverlayStore(new MemoryStores().store('s'), textCodec);
  overlay.set('é'.repeat(KEY_BYTES_MAX / 2), 'fits');
  expect(() => overlay.set('é'.repeat(KEY_BYTES_MAX / 2 + 1), 'too long')).toThrow();
  expect(() => overlay.set('', 'empty')).toThrow();
});

function note(model: Map<string, string>, key: string, value: string | undefined): void {
  if (value === undefined) model.delete(key);
  else model.set(key, value);
}

function within(model: ReadonlyMap<string, string>, prefix: string): readonly (readonly [string, string])[] {
  return [...model].filter(([key]) => key.startsWith(prefix)).sort(([left], [right]) => compareKeys(left, right));
}
