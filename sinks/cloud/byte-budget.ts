// Bounds the memory that large bodies take while they are under way.

/** First come, first served. A request above the whole budget goes alone. */
export class ByteBudget {
  readonly #bytesMax: number;
  #taken = 0;
  readonly #queue: { readonly bytes: number; readonly enter: () => void }[] = [];

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Resolves when there is room. What is taken must be given back. */
  async take(bytes: number): Promise<void> {
    if (this.#queue.length === 0 && this.#fits(bytes)) {
      this.#taken += bytes;
      return;
    }
    await new Promise<void>((enter) => {
      this.#queue.push({ bytes, enter });
    });
  }

  giveBack(bytes: number): void {
    this.#taken -= bytes;
    for (;;) {
      const next = this.#queue[0];
      if (next === undefined || !this.#fits(next.bytes)) return;
      this.#queue.shift();
      this.#taken += next.bytes;
      next.enter();
    }
  }

  #fits(bytes: number): boolean {
    return this.#taken === 0 || this.#taken + bytes <= this.#bytesMax;
  }
}
