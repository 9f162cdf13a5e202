// An instance register as bytes: about 30 for the usual single lane, since there is one for every image.
import type { StateCodec } from '../../runtime/contracts/task.ts';
import type { DeleteEvent, InstanceRegister, Lane, StoreEvent } from './instance-register.ts';

const VERSION = 1;
const ORDERED = 1;
const STORED = 2;
const DELETED = 4;
/** Seven bits a byte hold 2^53 in eight bytes. */
const NUMBER_BYTES_MAX = 8;
/** A lane's numbers, flags and lengths; the two texts come on top. */
const LANE_BYTES_MAX = 6 * NUMBER_BYTES_MAX + 3;

export const registerCodec: StateCodec<InstanceRegister> = { encode, decode };

/** What is written here is copied out at its true size. */
const scratch = Buffer.allocUnsafeSlow(1_024);

function encode(register: InstanceRegister): Uint8Array {
  let bytesMax = 1;
  for (const lane of register) {
    bytesMax += LANE_BYTES_MAX + 3 * (lane.source.length + (lane.store?.variant.length ?? 0));
  }
  const bytes = bytesMax <= scratch.length ? scratch : Buffer.allocUnsafe(bytesMax);
  bytes[0] = VERSION;
  let at = 1;
  for (const lane of register) {
    bytes[at] =
      (lane.ordered ? ORDERED : 0) |
      (lane.store === undefined ? 0 : STORED) |
      (lane.deletion === undefined ? 0 : DELETED);
    at = writeText(bytes, at + 1, lane.source);
    for (const event of [lane.store, lane.deletion]) {
      if (event === undefined) continue;
      if (lane.ordered) at = writeNumber(bytes, at, event.order ?? 0);
      at = writeNumber(bytes, at, event.receivedAtMs);
      at = writeNumber(bytes, at, event.offset);
    }
    if (lane.store !== undefined) at = writeText(bytes, at, lane.store.variant);
  }
  return Buffer.from(bytes.subarray(0, at));
}

function decode(bytes: Uint8Array): InstanceRegister {
  if (bytes[0] !== VERSION) throw new TypeError('an instance register of an unknown version');
  const reader: Reader = { bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), at: 1 };
  const lanes: Lane[] = [];
  while (reader.at < bytes.length) {
    const flags = reader.bytes[reader.at++] ?? 0;
    const ordered = (flags & ORDERED) !== 0;
    const source = readText(reader);
    const stored = (flags & STORED) !== 0 ? readEvent(reader, ordered) : undefined;
    const removed = (flags & DELETED) !== 0 ? readEvent(reader, ordered) : undefined;
    const store: StoreEvent | undefined = stored && { ...stored, variant: readText(reader) };
    const deletion: DeleteEvent | undefined = removed && { ...removed, order: removed.order ?? 0 };
    lanes.push({ source, ordered, store, deletion });
  }
  return lanes;
}

interface Reader {
  readonly bytes: Buffer;
  at: number;
}

function readEvent(reader: Reader, ordered: boolean): Omit<StoreEvent, 'variant'> {
  const order = ordered ? readNumber(reader) : null;
  const receivedAtMs = readNumber(reader);
  return { order, receivedAtMs, offset: readNumber(reader) };
}

function writeText(bytes: Buffer, at: number, text: string): number {
  const length = bytes.write(text, at + 1, 'utf8');
  if (length > 255) throw new RangeError('a text of more than 255 bytes in an instance register');
  bytes[at] = length;
  return at + 1 + length;
}

function readText(reader: Reader): string {
  const begin = reader.at + 1;
  reader.at = begin + (reader.bytes[reader.at] ?? 0);
  return reader.bytes.toString('utf8', begin, reader.at);
}

/** Safe integers from 0, low seven bits first; the high bit says that more follow. */
function writeNumber(bytes: Buffer, at: number, value: number): number {
  let left = value;
  let next = at;
  while (left >= 0x80) {
    bytes[next++] = (left % 0x80) | 0x80;
    left = Math.floor(left / 0x80);
  }
  bytes[next] = left;
  return next + 1;
}

function readNumber(reader: Reader): number {
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = reader.bytes[reader.at++] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 0x80;
  }
}
