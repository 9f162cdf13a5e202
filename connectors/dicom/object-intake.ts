// One object's data set as it streams in: its header is walked over, everything else is dropped.
import { type DicomHeader, readHeader } from '../../codecs/dicom/header.ts';
import { HeaderWalker, type HeaderWalkerLimits } from '../../codecs/dicom/header-walker.ts';
import type { DataSetEncoding } from '../../codecs/dicom/transfer-syntax.ts';
import { failed, type Result } from '../../schemas/failure.ts';
import { HeaderInflater } from './header-inflater.ts';

export interface ObjectIntakeLimits extends HeaderWalkerLimits {
  /** Of the data set's beginning that is kept for a dead letter. */
  readonly headerBytesMax: number;
  /** Of a deflated header, once inflated. */
  readonly inflatedBytesMax: number;
}

/** Used for one object after another, so that its buffers are made once an association. */
export class ObjectIntake {
  readonly #limits: ObjectIntakeLimits;
  readonly #walker: HeaderWalker;
  #prefix = Buffer.allocUnsafeSlow(4096);
  #prefixBytes = 0;
  #objectBytes = 0;
  #inflater: HeaderInflater | undefined;

  constructor(limits: ObjectIntakeLimits) {
    this.#limits = limits;
    this.#walker = new HeaderWalker(limits);
  }

  begin(encoding: DataSetEncoding): void {
    this.abandon();
    this.#walker.reset(encoding);
    this.#prefixBytes = 0;
    this.#objectBytes = 0;
    if (encoding.deflated) this.#inflater = new HeaderInflater(this.#walker, this.#limits.inflatedBytesMax);
  }

  /** Of the data set, as sent. */
  get objectBytes(): number {
    return this.#objectBytes;
  }

  /** Takes a piece. A promise means: nothing more before it resolves. */
  push(bytes: Uint8Array, start: number, end: number): Promise<void> | undefined {
    this.#objectBytes += end - start;
    if (start === end || !this.#walker.walking) return undefined;
    if (this.#inflater !== undefined) {
      if (!this.#inflater.wanting) return undefined;
      this.#keepPrefix(bytes, start, end);
      return this.#inflater.write(bytes.subarray(start, end));
    }
    const stopped = this.#walker.push(bytes, start, end);
    this.#keepPrefix(bytes, start, stopped);
    return undefined;
  }

  /** The header of the complete data set. Fails with a code of `STORE_STATUS`. */
  finish(): Result<DicomHeader> | Promise<Result<DicomHeader>> {
    return this.#inflater === undefined ? this.#read() : this.#finishInflated(this.#inflater);
  }

  /** A copy of the beginning of the data set as sent, up to the end of its header at most. */
  prefix(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#prefix, 0, this.#prefixBytes);
  }

  /** Ends what an incomplete object still holds. */
  abandon(): void {
    this.#inflater?.destroy();
    this.#inflater = undefined;
  }

  async #finishInflated(inflater: HeaderInflater): Promise<Result<DicomHeader>> {
    await inflater.finish();
    if (inflater.broken) return failed('dicom.undeflatable', 'the header cannot be inflated within its limit');
    return this.#read();
  }

  #read(): Result<DicomHeader> {
    const kept = this.#walker.finish();
    return kept.ok ? readHeader(kept.value) : kept;
  }

  #keepPrefix(bytes: Uint8Array, start: number, end: number): void {
    const taken = Math.min(end - start, this.#limits.headerBytesMax - this.#prefixBytes);
    if (taken <= 0) return;
    const needed = this.#prefixBytes + taken;
    if (needed > this.#prefix.length) {
      const grown = Buffer.allocUnsafeSlow(
        Math.min(this.#limits.headerBytesMax, Math.max(needed, this.#prefix.length * 2)),
      );
      grown.set(this.#prefix.subarray(0, this.#prefixBytes));
      this.#prefix = grown;
    }
    this.#prefix.set(bytes.subarray(start, start + taken), this.#prefixBytes);
    this.#prefixBytes = needed;
  }
}
