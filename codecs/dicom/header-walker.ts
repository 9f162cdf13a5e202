/**
 * Walks over a data set as it streams, until its header ends, and keeps the elements that are wanted.
 *
 * The bytes come in pieces of any size. The walker holds nothing but the wanted elements (each at most `valueBytesMax`)
 * and the 12 bytes of an element header that a piece may cut in two. It descends only into elements of undefined length,
 * because only there the end must be searched for; a defined length is skipped. What it yields is a small data set of
 * the wanted elements in explicit VR little endian, whatever the syntax was, so that a parser after it sees a data
 * set that ends cleanly.
 *
 * The header ends at the first tag after the last wanted one once the four UIDs are known, at the latest at group 7FE0
 * (float pixel data come before (7FE0,0010)). All of this holds at the top level only.
 *
 * Source: PS3.5 sections 6.2.2 (UN of undefined length is implicit little endian), 7.1 and 7.5.
 */
import { failed, type Result, succeeded } from '../../schemas/failure.ts';
import { HEADER_TAG_LIST, LAST_HEADER_TAG, REQUIRED_TAGS } from './header-tags.ts';
import type { DataSetEncoding } from './transfer-syntax.ts';

export interface HeaderWalkerLimits {
  /** Nesting of elements of undefined length; an item counts as one more. */
  readonly depthMax: number;
  /** A wanted element with a longer value is left out. */
  readonly valueBytesMax: number;
}

export const HEADER_WALKER_LIMITS: HeaderWalkerLimits = { depthMax: 64, valueBytesMax: 4096 };

type WalkState = 'walking' | 'ended' | 'unreadable' | 'too_deep';

const UNDEFINED_LENGTH = 0xffffffff;
const PIXEL_GROUP = 0x7fe00000;
const ITEM = 0xfffee000;
const ITEM_DELIMITATION = 0xfffee00d;
const SEQUENCE_DELIMITATION = 0xfffee0dd;
const ITEM_GROUP_FIRST = 0xfffe0000;
const ITEM_GROUP_LAST = 0xfffeffff;
const UN = 0x554e;

const LONGEST_HEADER_BYTES = 12;
const KEPT_HEADER_BYTES = 8;

// What one level of the stack is.
const IN_SEQUENCE = 1;
const IN_ITEM = 2;
const EXPLICIT = 4;
const BIG_ENDIAN = 8;

const WANTED = new Map(HEADER_TAG_LIST.map(({ tag }, index) => [tag, index]));
const VR_BYTES = HEADER_TAG_LIST.map(({ vr }) => [vr.charCodeAt(0), vr.charCodeAt(1)] as const);
const SHORT_VRS = new Set('AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US'.split(' '));
const LONG_HEADER = longHeaders();

export class HeaderWalker {
  readonly #limits: HeaderWalkerLimits;
  readonly #seen = new Uint8Array(HEADER_TAG_LIST.length);
  readonly #pending = new Uint8Array(LONGEST_HEADER_BYTES);
  readonly #stack: Uint8Array;
  #kept = Buffer.allocUnsafeSlow(2048);
  #keptBytes = 0;
  #keeping = false;
  #pendingBytes = 0;
  #valueBytesLeft = 0;
  #depth = 0;
  #explicit = true;
  #bigEndian = false;
  #state: WalkState = 'walking';

  constructor(limits: HeaderWalkerLimits = HEADER_WALKER_LIMITS) {
    this.#limits = limits;
    this.#stack = new Uint8Array(limits.depthMax);
  }

  /** Begins another data set. What the last one yielded is gone. */
  reset(encoding: Pick<DataSetEncoding, 'explicitVr' | 'bigEndian'>): void {
    this.#seen.fill(0);
    this.#keptBytes = 0;
    this.#keeping = false;
    this.#pendingBytes = 0;
    this.#valueBytesLeft = 0;
    this.#depth = 0;
    this.#explicit = encoding.explicitVr;
    this.#bigEndian = encoding.bigEndian;
    this.#state = 'walking';
  }

  /** False once the header has ended, well or badly: what follows need not be pushed. */
  get walking(): boolean {
    return this.#state === 'walking';
  }

  /** Takes the bytes from `start` to `end`, keeps no reference to them; returns where it stopped walking. */
  push(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && this.#state === 'walking') {
      if (this.#valueBytesLeft > 0) {
        at += this.#takeValue(bytes, at, end);
      } else if (this.#pendingBytes === 0 && end - at >= LONGEST_HEADER_BYTES) {
        at += this.#takeHeader(bytes, at);
      } else {
        this.#pending[this.#pendingBytes] = bytes[at] ?? 0;
        this.#pendingBytes += 1;
        at += 1;
        if (this.#pendingBytes >= 8 && this.#pendingBytes === this.#headerBytes(this.#pending, 0)) {
          this.#pendingBytes = 0;
          this.#takeHeader(this.#pending, 0);
        }
      }
    }
    return at;
  }

  /** The wanted elements, valid until the next `reset`. To be called when the data set is complete. */
  finish(): Result<Uint8Array> {
    if (this.#state === 'too_deep') return failed('dicom.too_deep', 'the header nests deeper than the limit');
    const inside = this.#pendingBytes > 0 || this.#valueBytesLeft > 0 || this.#depth > 0;
    if (this.#state === 'unreadable' || (this.#state === 'walking' && inside)) {
      return failed('dicom.unreadable_data_set', 'the data set ends inside an element or is not encoded as announced');
    }
    return succeeded(this.#kept.subarray(0, this.#keptBytes));
  }

  #takeValue(bytes: Uint8Array, at: number, end: number): number {
    const taken = Math.min(this.#valueBytesLeft, end - at);
    if (this.#keeping) {
      this.#kept.set(bytes.subarray(at, at + taken), this.#keptBytes);
      this.#keptBytes += taken;
    }
    this.#valueBytesLeft -= taken;
    return taken;
  }

  /** The length of the element header at `at`, of which at least 8 bytes are there. */
  #headerBytes(bytes: Uint8Array, at: number): number {
    if (!this.#explicit) return 8;
    const vr = ((bytes[at + 4] ?? 0) << 8) | (bytes[at + 5] ?? 0);
    if (LONG_HEADER[vr] === 0) return 8;
    const group = this.#uint16(bytes, at);
    return group === 0xfffe ? 8 : LONGEST_HEADER_BYTES;
  }

  #takeHeader(bytes: Uint8Array, at: number): number {
    const tag = this.#uint16(bytes, at) * 0x10000 + this.#uint16(bytes, at + 2);
    this.#keeping = false;
    if (tag >= ITEM_GROUP_FIRST && tag <= ITEM_GROUP_LAST) {
      this.#takeDelimiter(tag, this.#uint32(bytes, at + 4));
      return 8;
    }
    const headerBytes = this.#headerBytes(bytes, at);
    let length = 0;
    if (headerBytes === LONGEST_HEADER_BYTES) length = this.#uint32(bytes, at + 8);
    else length = this.#explicit ? this.#uint16(bytes, at + 6) : this.#uint32(bytes, at + 4);
    if (this.#depth === 0) {
      if (this.#endsHeader(tag)) {
        this.#state = 'ended';
        return headerBytes;
      }
      if (length !== UNDEFINED_LENGTH) this.#keepIfWanted(tag, length);
    } else if (((this.#stack[this.#depth - 1] ?? 0) & IN_SEQUENCE) !== 0) {
      // Between items nothing but items and the delimiter may stand.
      this.#state = 'unreadable';
      return headerBytes;
    }
    if (length === UNDEFINED_LENGTH) {
      const isUnknown = this.#explicit && bytes[at + 4] === UN >> 8 && bytes[at + 5] === (UN & 0xff);
      this.#descend(IN_SEQUENCE);
      if (isUnknown) {
        this.#explicit = false;
        this.#bigEndian = false;
      }
    } else {
      this.#valueBytesLeft = length;
    }
    return headerBytes;
  }

  #endsHeader(tag: number): boolean {
    if (tag >= PIXEL_GROUP) return true;
    if (tag <= LAST_HEADER_TAG) return false;
    for (let index = 0; index < REQUIRED_TAGS; index += 1) if (this.#seen[index] === 0) return false;
    return true;
  }

  #takeDelimiter(tag: number, length: number): void {
    const inSequence = this.#depth > 0 && ((this.#stack[this.#depth - 1] ?? 0) & IN_SEQUENCE) !== 0;
    if (tag === ITEM && inSequence) {
      if (length === UNDEFINED_LENGTH) this.#descend(IN_ITEM);
      else this.#valueBytesLeft = length;
    } else if (tag === ITEM_DELIMITATION && this.#depth > 0 && !inSequence) {
      this.#ascend();
    } else if (tag === SEQUENCE_DELIMITATION && this.#depth > 0) {
      // An item whose own delimiter is missing ends with its sequence.
      if (!inSequence) this.#ascend();
      this.#ascend();
    } else {
      this.#state = 'unreadable';
    }
  }

  #descend(kind: number): void {
    if (this.#depth === this.#limits.depthMax) {
      this.#state = 'too_deep';
      return;
    }
    this.#stack[this.#depth] = kind | (this.#explicit ? EXPLICIT : 0) | (this.#bigEndian ? BIG_ENDIAN : 0);
    this.#depth += 1;
  }

  #ascend(): void {
    this.#depth -= 1;
    const level = this.#stack[this.#depth] ?? 0;
    this.#explicit = (level & EXPLICIT) !== 0;
    this.#bigEndian = (level & BIG_ENDIAN) !== 0;
  }

  #keepIfWanted(tag: number, length: number): void {
    const index = tag > LAST_HEADER_TAG ? undefined : WANTED.get(tag);
    // The first of two equal tags counts; a second is against PS3.5 section 7.1.
    if (index === undefined || this.#seen[index] !== 0 || length === 0 || length > this.#limits.valueBytesMax) return;
    this.#seen[index] = 1;
    this.#keeping = true;
    const at = this.#keptBytes;
    const end = at + KEPT_HEADER_BYTES + length;
    if (end > this.#kept.length) this.#grow(end);
    const kept = this.#kept;
    const vr = VR_BYTES[index] ?? ([0, 0] as const);
    kept[at] = (tag >>> 16) & 0xff;
    kept[at + 1] = tag >>> 24;
    kept[at + 2] = tag & 0xff;
    kept[at + 3] = (tag >>> 8) & 0xff;
    kept[at + 4] = vr[0];
    kept[at + 5] = vr[1];
    kept[at + 6] = length & 0xff;
    kept[at + 7] = length >>> 8;
    this.#keptBytes = at + KEPT_HEADER_BYTES;
  }

  #grow(bytesMin: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(bytesMin, this.#kept.length * 2));
    grown.set(this.#kept.subarray(0, this.#keptBytes));
    this.#kept = grown;
  }

  #uint16(bytes: Uint8Array, at: number): number {
    const first = bytes[at] ?? 0;
    const second = bytes[at + 1] ?? 0;
    return this.#bigEndian ? (first << 8) | second : (second << 8) | first;
  }

  #uint32(bytes: Uint8Array, at: number): number {
    const first = this.#uint16(bytes, at);
    const second = this.#uint16(bytes, at + 2);
    return this.#bigEndian ? first * 0x10000 + second : second * 0x10000 + first;
  }
}

/** By the two letters: 1 where a length of four bytes follows two reserved ones (PS3.5 section 7.1.2). */
function longHeaders(): Uint8Array {
  const table = new Uint8Array(0x10000);
  // Two capitals of no known VR are a later edition's, with four bytes of length; other bytes are read as the short form.
  for (let first = 0x41; first <= 0x5a; first += 1) {
    for (let second = 0x41; second <= 0x5a; second += 1) {
      if (!SHORT_VRS.has(String.fromCharCode(first, second))) table[first * 256 + second] = 1;
    }
  }
  return table;
}
