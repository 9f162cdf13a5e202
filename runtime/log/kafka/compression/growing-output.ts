// The bound of what one compressed batch may become, and how a codec says that the bytes are wrong.

/** Four times the largest record that the bridge takes; a batch that claims more is refused before memory is taken. */
export const BATCH_BYTES_MAX = 128 * 1_024 * 1_024;

/** `type` as kafkajs' protocol errors have it. Carries nothing of the bytes. */
export class CompressedBytesWrong extends Error {
  readonly type: 'CORRUPT_MESSAGE' | 'BATCH_TOO_LARGE';
  constructor(type: CompressedBytesWrong['type'], options?: ErrorOptions) {
    super(type, options);
    this.name = 'CompressedBytesWrong';
    this.type = type;
  }
}

/** Output of unknown size that grows by doubling up to the bound. Invariant 7. */
export class GrowingOutput {
  #bytes: Buffer;
  #used = 0;
  readonly #bytesMax: number;

  constructor(expectedBytes: number, bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#bytes = Buffer.allocUnsafe(Math.max(1_024, Math.min(expectedBytes, bytesMax)));
  }

  get used(): number {
    return this.#used;
  }

  append(source: Buffer, start: number, end: number): void {
    if (end > source.length || start > end) throw new CompressedBytesWrong('CORRUPT_MESSAGE');
    this.#reserve(end - start);
    this.#used += source.copy(this.#bytes, this.#used, start, end);
  }

  /** A match: bytes from `distance` back, which may overlap what they make. Not before `floor`. */
  repeat(distance: number, length: number, floor: number): void {
    if (distance === 0 || this.#used - distance < floor) throw new CompressedBytesWrong('CORRUPT_MESSAGE');
    this.#reserve(length);
    const bytes = this.#bytes;
    const start = this.#used;
    if (distance >= length) {
      bytes.copyWithin(start, start - distance, start - distance + length);
    } else {
      for (let at = start; at < start + length; at += 1) bytes[at] = bytes[at - distance] ?? 0;
    }
    this.#used += length;
  }

  taken(): Buffer {
    return this.#bytes.subarray(0, this.#used);
  }

  #reserve(more: number): void {
    const needed = this.#used + more;
    if (needed > this.#bytesMax) throw new CompressedBytesWrong('BATCH_TOO_LARGE');
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.min(this.#bytesMax, Math.max(needed, this.#bytes.length * 2)));
    this.#bytes.copy(grown, 0, 0, this.#used);
    this.#bytes = grown;
  }
}
