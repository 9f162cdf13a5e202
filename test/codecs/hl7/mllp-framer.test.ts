// Frames from bytes, however the bytes arrive.
import { expect, test } from 'vitest';
import { type FrameRoom, type MllpFrame, MllpFramer } from '../../../codecs/hl7/mllp-framer.ts';

const MESSAGE = 'MSH|^~\\&|A\rPID|1|\x1cx\x0by\r';

test('framer: a stream cut at every byte gives the same frames', () => {
  const stream = Buffer.from(`junk\x0b${MESSAGE}\x1c\r\n\x0bMSH|2\x1c\r`, 'latin1');
  for (let cut = 0; cut <= stream.length; cut += 1) {
    expect(frames([stream.subarray(0, cut), stream.subarray(cut)]), `cut at ${cut}`).toEqual([
      ['message', MESSAGE],
      ['message', 'MSH|2'],
    ]);
  }
});

test('framer: a stream of single bytes gives the same frames', () => {
  const stream = Buffer.from(`\x0b${MESSAGE}\x1c\r\x0bMSH|2\x1c\r`, 'latin1');
  expect(frames([...stream].map((byte) => Buffer.from([byte])))).toEqual([
    ['message', MESSAGE],
    ['message', 'MSH|2'],
  ]);
});

test('framer: fifty frames of one write come out one by one', () => {
  const stream = Buffer.concat(Array.from({ length: 50 }, (_, at) => Buffer.from(`\x0bMSH|${at}\x1c\r`, 'latin1')));
  expect(frames([stream]).map(([, text]) => text)).toEqual(Array.from({ length: 50 }, (_, at) => `MSH|${at}`));
});

test('framer: an end block without its carriage return ends the frame when the next begins', () => {
  expect(frames([Buffer.from('\x0bMSH|1\x1c\x0bMSH|2\x1c\r', 'latin1')])).toEqual([
    ['message', 'MSH|1'],
    ['message', 'MSH|2'],
  ]);
});

test('framer: a frame that was never ended is told apart from the one after it', () => {
  expect(frames([Buffer.from('\x0bMSH|1\rPID\x0bMSH|2\x1c\r', 'latin1')])).toEqual([
    ['unended', 'MSH|1\rPID'],
    ['message', 'MSH|2'],
  ]);
});

test('framer: bytes between frames are counted and empty frames skipped', () => {
  const framer = new MllpFramer(100, room());
  framer.push(Buffer.from('abc\x0b\x1c\r\r\n\x0bMSH|1\x1c\rxy', 'latin1'));
  expect(all(framer)).toEqual([['message', 'MSH|1']]);
  expect(framer.skippedBytes).toBe(7);
  expect(framer.unfinishedBytes).toBeUndefined();
});

test.each([1, 7, 1000])('framer: a frame above the bound is refused with its beginning, in chunks of %d', (size) => {
  const framer = new MllpFramer(20, room());
  const found: [string, string][] = [];
  const stream = Buffer.from(`\x0b${'M'.repeat(21)}\x1c\r\x0bMSH|2\x1c\r`, 'latin1');
  for (let at = 0; at < stream.length; at += size) {
    framer.push(stream.subarray(at, at + size));
    found.push(...all(framer));
  }
  expect(found.length).toBe(1);
  expect(found[0]?.[0]).toBe('oversize');
  expect(found[0]?.[1]).toMatch(/^M{21}/);
});

test('framer: a frame of exactly the bound is taken, in one chunk and byte by byte', () => {
  const stream = Buffer.from(`\x0b${'M'.repeat(20)}\x1c\r`, 'latin1');
  for (const chunks of [[stream], [...stream].map((byte) => Buffer.from([byte]))]) {
    expect(frames(chunks, 20)).toEqual([['message', 'M'.repeat(20)]]);
  }
});

test('framer: unfinished frames of all connections stay within the shared room, and give it back', () => {
  const shared: FrameRoom = { usedBytes: 0, bytesMax: 10_000 };
  const first = new MllpFramer(1_000_000, shared);
  const second = new MllpFramer(1_000_000, shared);
  first.push(Buffer.concat([Buffer.from([0x0b]), Buffer.alloc(6000, 65)]));
  second.push(Buffer.concat([Buffer.from([0x0b]), Buffer.alloc(6000, 65)]));
  expect(first.next()).toBeUndefined();
  expect(second.next()).toEqual({ kind: 'no_room' });
  expect(shared.usedBytes).toBeGreaterThan(0);
  first.stop();
  expect(shared.usedBytes).toBe(0);
});

test('framer: a sender of single bytes costs a small multiple of the bytes it sent', () => {
  const shared = room();
  const framer = new MllpFramer(1_000_000, shared);
  framer.push(Buffer.from([0x0b]));
  framer.next();
  for (let at = 0; at < 50_000; at += 1) {
    framer.push(Buffer.from([65]));
    framer.next();
  }
  expect(framer.unfinishedBytes).toBe(50_000);
  expect(shared.usedBytes).toBeLessThanOrEqual(100_000);
});

function room(): FrameRoom {
  return { usedBytes: 0, bytesMax: Number.POSITIVE_INFINITY };
}

function frames(chunks: readonly Buffer[], frameBytesMax = 1000): [string, string][] {
  const framer = new MllpFramer(frameBytesMax, room());
  return chunks.flatMap((chunk) => {
    framer.push(chunk);
    return all(framer);
  });
}

function all(framer: MllpFramer): [string, string][] {
  const found: [string, string][] = [];
  for (let frame = framer.next(); frame !== undefined; frame = framer.next()) found.push([frame.kind, textOf(frame)]);
  return found;
}

function textOf(frame: MllpFrame): string {
  return frame.kind === 'no_room' ? '' : Buffer.from(frame.bytes).toString('latin1');
}
