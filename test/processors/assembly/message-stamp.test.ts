// The order of a hospital's messages.
import { expect, test } from 'vitest';
import { messageStamp } from '../../../processors/assembly/message-stamp.ts';
import { codec, hospital, orderGroup } from './assembly-bench.ts';

const { message } = hospital();

function stamp(at: string, controlId = 'C'): string {
  const record = message([orderGroup({ accessionNumber: 'A' })], { at, controlId });
  const decoded = codec.decode('hl7.messages', record.value ?? new Uint8Array());
  if (!decoded.ok) throw new TypeError(decoded.failure.code);
  return messageStamp(decoded.value, 'Asia/Shanghai');
}

test('messages sort by time, a fraction after the whole second, then by control id', () => {
  const sorted = [
    stamp('20260101'),
    stamp('20260101080000', 'A'),
    stamp('20260101080000', 'B'),
    stamp('20260101080000.5', 'A'),
    stamp('2026-01-01 08:00:01'),
    stamp('20260101000002Z'),
    stamp('20260101080003+0800'),
  ];
  expect(sorted.toSorted()).toEqual(sorted);
});

test('a message without a time stands where it was received, in the time of the site', () => {
  expect(stamp('')).toMatch(/^20270115160000\.0000 C$/);
});
