// Splits a byte stream into MLLP frames: 0x0B, message, 0x1C 0x0D.
//
// Works on bytes, before any decoding: 0x0B, 0x1C and 0x0D never occur inside a character of GB18030 or UTF-8, but HL7's own
// delimiters do occur as trail bytes of GB18030. A frame is what stands up to 0x1C 0x0D (or 0x1C 0x0B, from senders
// that leave the carriage return out); another 0x1C is part of the message. A start block followed by MSH inside a frame
// shows that the frame before it was never ended: it is handed out as `unended`, since it may be cut off. Bytes between
// frames and empty frames are counted and skipped. After a frame above `frameBytesMax` nothing more is read, because the
// next frame's beginning can no longer be known.
//
// A frame within one chunk is a view of it; one that spans chunks is gathered in a buffer that doubles, so that a sender
// of single bytes costs no more than the bytes. What all framers gather is bounded together by `room`.
//
// Source: HL7 v2 Minimal Lower Layer Protocol, release 1.

export type MllpFrame =
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  /** Not ended before the next one began. */
  | { readonly kind: 'unended'; readonly bytes: Uint8Array }
  /** The beginning of a frame above the bound; nothing follows. */
  | { readonly kind: 'oversize'; readonly bytes: Uint8Array }
  /** The room for unfinished frames is used up; nothing follows. */
  | { readonly kind: 'no_room' };

/** Shared by all framers of a server. */
export interface FrameRoom {
  usedBytes: number;
  readonly bytesMax: number;
}

const START = 0x0b;
const END = 0x1c;
const CARRIAGE_RETURN = 0x0d;
const NEXT_MESSAGE = Buffer.from('\x0bMSH', 'latin1');
const EMPTY = Buffer.alloc(0);
const FIRST_CAPACITY_BYTES = 4096;
/** Enough to see who sent an oversize frame and what it was. */
const OVERSIZE_KEPT_BYTES = 65_536;

export class MllpFramer {
  readonly #frameBytesMax: number;
  readonly #room: FrameRoom;
  #chunk: Buffer = EMPTY;
  #at = 0;
  #inFrame = false;
  #stopped = false;
  #gathered: Buffer = EMPTY;
  #gatheredBytes = 0;
  readonly #ready: MllpFrame[] = [];
  #skippedBytes = 0;

  constructor(frameBytesMax: number, room: FrameRoom) {
    this.#frameBytesMax = frameBytesMax;
    this.#room = room;
  }

  /** Bytes that belonged to no message, so far. */
  get skippedBytes(): number {
    return this.#skippedBytes;
  }

  /** Bytes of a frame that has begun and is not complete; undefined between frames. */
  get unfinishedBytes(): number | undefined {
    return this.#inFrame && !this.#stopped ? this.#gatheredBytes + this.#chunk.length - this.#at : undefined;
  }

  /** The chunk may be viewed by the frames it holds; it must not change. */
  push(chunk: Buffer): void {
    if (this.#stopped) return;
    this.#chunk = this.#at >= this.#chunk.length ? chunk : Buffer.concat([this.#chunk.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  /** The next frame of what was pushed; undefined when more bytes are needed. */
  next(): MllpFrame | undefined {
    for (;;) {
      const ready = this.#ready.shift();
      if (ready !== undefined) return ready;
      if (this.#stopped || this.#at >= this.#chunk.length) return undefined;
      if (!this.#inFrame) this.#skipToStart();
      else if (!this.#readFrame()) return undefined;
    }
  }

  /** Gives back what is held; nothing is read afterwards. */
  stop(): void {
    this.#stopped = true;
    this.#release();
    this.#chunk = EMPTY;
    this.#at = 0;
    this.#ready.length = 0;
  }

  #skipToStart(): void {
    const start = this.#chunk.indexOf(START, this.#at);
    this.#inFrame = start !== -1;
    const end = this.#inFrame ? start : this.#chunk.length;
    this.#skippedBytes += end - this.#at;
    this.#at = this.#inFrame ? start + 1 : end;
  }

  /** false: the frame needs more bytes. */
  #readFrame(): boolean {
    const end = this.#endOfFrame();
    if (end === undefined) {
      this.#gather(this.#chunk.subarray(this.#at));
      this.#at = this.#chunk.length;
      return this.#ready.length > 0;
    }
    // An end block that began in the chunk before: its 0x1C is the last byte gathered.
    const here = this.#chunk.subarray(this.#at, Math.max(end, this.#at));
    const gatheredBytes = this.#gatheredBytes - Math.max(this.#at - end, 0);
    if (gatheredBytes + here.length > this.#frameBytesMax) {
      this.#refuse(here);
      return true;
    }
    this.#at = end + (this.#chunk[end + 1] === CARRIAGE_RETURN ? 2 : 1);
    this.#inFrame = false;
    if (gatheredBytes <= 0) {
      this.#release();
      this.#deliver(here);
      return true;
    }
    this.#gatheredBytes = gatheredBytes;
    if (here.length > 0) this.#gather(here);
    const whole = this.#gathered.subarray(0, this.#gatheredBytes);
    if (this.#stopped) return true;
    this.#release();
    this.#deliver(whole);
    return true;
  }

  /** Where in the chunk the 0x1C of the end block stands, -1 when it was the last byte gathered; undefined: not here. */
  #endOfFrame(): number | undefined {
    const chunk = this.#chunk;
    if (
      this.#at === 0 &&
      this.#gatheredBytes > 0 &&
      this.#gathered[this.#gatheredBytes - 1] === END &&
      closes(chunk[0])
    ) {
      return -1;
    }
    let end = chunk.indexOf(END, this.#at);
    while (end !== -1 && !closes(chunk[end + 1])) end = chunk.indexOf(END, end + 1);
    return end === -1 ? undefined : end;
  }

  #gather(bytes: Buffer): void {
    const needed = this.#gatheredBytes + bytes.length;
    // One byte more, for an end block that is cut after its 0x1C.
    if (needed > this.#frameBytesMax + 1) {
      this.#refuse(bytes);
      return;
    }
    if (needed > this.#gathered.length) {
      const capacity = Math.max(
        needed,
        FIRST_CAPACITY_BYTES,
        Math.min(2 * this.#gathered.length, this.#frameBytesMax + 1),
      );
      if (this.#room.usedBytes + capacity - this.#gathered.length > this.#room.bytesMax) {
        this.stop();
        this.#ready.push({ kind: 'no_room' });
        return;
      }
      const larger = Buffer.allocUnsafe(capacity);
      this.#gathered.copy(larger, 0, 0, this.#gatheredBytes);
      this.#room.usedBytes += capacity - this.#gathered.length;
      this.#gathered = larger;
    }
    bytes.copy(this.#gathered, this.#gatheredBytes);
    this.#gatheredBytes = needed;
  }

  #refuse(rest: Buffer): void {
    const begun = this.#gathered.subarray(0, Math.min(this.#gatheredBytes, OVERSIZE_KEPT_BYTES));
    const beginning = Buffer.concat([begun, rest.subarray(0, OVERSIZE_KEPT_BYTES - begun.length)]);
    this.stop();
    this.#ready.push({ kind: 'oversize', bytes: beginning });
  }

  #deliver(frame: Buffer): void {
    let from = 0;
    for (let next = frame.indexOf(START); next !== -1; next = frame.indexOf(START, next + 1)) {
      if (!frame.subarray(next, next + NEXT_MESSAGE.length).equals(NEXT_MESSAGE)) continue;
      this.#add('unended', frame.subarray(from, next));
      from = next + 1;
    }
    this.#add('message', from === 0 ? frame : frame.subarray(from));
  }

  #add(kind: 'message' | 'unended', bytes: Buffer): void {
    if (bytes.length > 0) this.#ready.push({ kind, bytes });
  }

  #release(): void {
    this.#room.usedBytes -= this.#gathered.length;
    this.#gathered = EMPTY;
    this.#gatheredBytes = 0;
  }
}

function closes(byte: number | undefined): boolean {
  return byte === CARRIAGE_RETURN || byte === START;
}
