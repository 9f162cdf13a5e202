// Bounds what is in flight, in entries and in bytes: an append beyond it waits its turn.

interface Waiter {
  readonly entries: number;
  readonly bytes: number;
  readonly enter: () => void;
}

export class AppendGate {
  readonly #entriesMax: number;
  readonly #bytesMax: number;
  readonly #waiters: Waiter[] = [];
  #entries = 0;
  #bytes = 0;

  constructor(entriesMax: number, bytesMax: number) {
    this.#entriesMax = entriesMax;
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there is room at once; then it is taken. Anything else waits by `enter`. */
  tryEnter(entries: number, bytes: number): boolean {
    if (this.#waiters.length > 0 || !this.#fits(entries, bytes)) return false;
    this.#take(entries, bytes);
    return true;
  }

  /** Resolves when there is room, in the order of calls. Rejects with the signal's reason. */
  async enter(entries: number, bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    // Invariant 7.
    await new Promise<void>((resolve, reject) => {
      const abandon = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(signal.reason);
        this.#admit();
      };
      const waiter: Waiter = {
        entries,
        bytes,
        enter: () => {
          signal.removeEventListener('abort', abandon);
          resolve();
        },
      };
      this.#waiters.push(waiter);
      signal.addEventListener('abort', abandon, { once: true });
    });
  }

  leave(entries: number, bytes: number): void {
    this.#entries -= entries;
    this.#bytes -= bytes;
    this.#admit();
  }

  #admit(): void {
    for (;;) {
      const first = this.#waiters[0];
      if (first === undefined || !this.#fits(first.entries, first.bytes)) return;
      this.#waiters.shift();
      this.#take(first.entries, first.bytes);
      first.enter();
    }
  }

  /** What is larger than the bound goes alone. */
  #fits(entries: number, bytes: number): boolean {
    if (this.#entries === 0) return true;
    return this.#entries + entries <= this.#entriesMax && this.#bytes + bytes <= this.#bytesMax;
  }

  #take(entries: number, bytes: number): void {
    this.#entries += entries;
    this.#bytes += bytes;
  }
}
