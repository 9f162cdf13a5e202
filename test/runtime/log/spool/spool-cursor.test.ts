// Whether the embedded log and the cluster agree on what was forwarded.
import { describe, expect, test } from 'vitest';
import {
  contradictionOf,
  cursorBytes,
  cursorOf,
  type EmbeddedStanding,
  type SpoolPlaces,
} from '../../../../runtime/log/spool/spool-cursor.ts';

const at = (next: bigint, lastAppendedAtMs: number | null = null): SpoolPlaces =>
  new Map([['hl7.messages', { next, lastAppendedAtMs }]]);
const standing = (noted: bigint, end: bigint, appendedAtMs?: number): EmbeddedStanding => ({
  noted,
  end,
  appendedBefore: () => appendedAtMs,
});
const codeOf = (embedded: EmbeddedStanding, places: SpoolPlaces | undefined): string | undefined =>
  contradictionOf('hl7.messages', embedded, places)?.code;

describe('spool cursor', () => {
  test('a first start has none on either side', () => {
    expect(codeOf(standing(0n, 7n), undefined)).toBeUndefined();
  });

  test('the cluster may be ahead of the copy: the last commit was not noted any more', () => {
    expect(codeOf(standing(3n, 7n, 5), at(5n, 5))).toBeUndefined();
    expect(codeOf(standing(0n, 7n, 5), at(7n, 5))).toBeUndefined();
  });

  test('a cluster that knows nothing of what was forwarded is another one', () => {
    expect(codeOf(standing(1n, 7n), undefined)).toBe('spool.cursor_missing');
  });

  test('a cluster that knows of less has lost some', () => {
    expect(codeOf(standing(5n, 7n), at(4n))).toBe('spool.cursor_behind');
  });

  test('a cluster that knows of more than there is, or of another record, sees an older copy of the log', () => {
    expect(codeOf(standing(5n, 7n), at(8n))).toBe('spool.cursor_ahead');
    expect(codeOf(standing(5n, 9n, 1_000), at(8n, 900))).toBe('spool.cursor_ahead');
  });

  test('a record that retention has removed is not asked for', () => {
    expect(codeOf(standing(5n, 9n), at(8n, 900))).toBeUndefined();
  });

  test('comes back from its bytes as it was', () => {
    const places: SpoolPlaces = new Map([
      ['hl7.messages', { next: 9_007_199_254_740_993n, lastAppendedAtMs: 1_800_000_000_000.5 }],
      ['dead.letters', { next: 1n, lastAppendedAtMs: null }],
    ]);
    expect(cursorOf(cursorBytes(places))).toEqual(places);
    expect(() => cursorOf(Buffer.from('{"version":2}'))).toThrow(TypeError);
    expect(() => cursorOf(Buffer.from('{"version":1,"places":[["x","1",null]]}'))).toThrow(TypeError);
  });
});
