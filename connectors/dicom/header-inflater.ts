// Inflates a deflated data set as it streams, until the walker has its header; never more than that.
import { constants, createInflateRaw, type InflateRaw } from 'node:zlib';
import type { HeaderWalker } from '../../codecs/dicom/header-walker.ts';

const PIECE_BYTES = 16 * 1024;

/**
 * One data set's inflater. It holds one piece of output at a time, and ends itself when the walker stops, when the
 * stream is broken, or when the header has not ended within `inflatedBytesMax`.
 */
export class HeaderInflater {
  readonly #walker: HeaderWalker;
  readonly #inflatedBytesMax: number;
  // A prefix of a deflate stream is no error: what follows the header is not wanted.
  readonly #inflate: InflateRaw = createInflateRaw({
    chunkSize: PIECE_BYTES,
    finishFlush: constants.Z_SYNC_FLUSH,
  });
  #inflatedBytes = 0;
  #broken = false;
  #settle: (() => void) | undefined;

  constructor(walker: HeaderWalker, inflatedBytesMax: number) {
    this.#walker = walker;
    this.#inflatedBytesMax = inflatedBytesMax;
    this.#inflate.on('data', (piece: Buffer) => this.#take(piece));
    this.#inflate.on('error', () => this.#end(true));
    this.#inflate.on('end', () => this.#settled());
    this.#inflate.on('close', () => this.#settled());
  }

  get broken(): boolean {
    return this.#broken;
  }

  /** False once nothing more need be written. */
  get wanting(): boolean {
    return !this.#inflate.destroyed && !this.#inflate.readableEnded;
  }

  /** Resolves when the bytes have been walked over; they must stay as they are until then. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#until(() => this.#inflate.write(bytes, () => this.#settled()));
  }

  /** Resolves when all that can be inflated has been walked over. */
  async finish(): Promise<void> {
    if (this.wanting) await this.#until(() => this.#inflate.end());
    this.#inflate.destroy();
  }

  /** Lets go of the inflater when the object is abandoned. */
  destroy(): void {
    this.#inflate.destroy();
  }

  #until(begin: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.#settle = resolve;
      begin();
    });
  }

  #settled(): void {
    this.#settle?.();
    this.#settle = undefined;
  }

  #take(piece: Buffer): void {
    if (!this.#walker.walking) return;
    this.#inflatedBytes += piece.length;
    this.#walker.push(piece, 0, piece.length);
    if (!this.#walker.walking) this.#end(false);
    else if (this.#inflatedBytes > this.#inflatedBytesMax) this.#end(true);
  }

  #end(broken: boolean): void {
    this.#broken = broken;
    this.#inflate.destroy();
    this.#settled();
  }
}
