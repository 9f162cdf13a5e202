// One slice of a task a turn of the event loop: between two slices, sockets and appends are served.
export class TurnGate {
  readonly #waiting: (() => void)[] = [];

  /** Resolves in a turn of its own. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) setImmediate(() => this.#next());
    });
  }

  #next(): void {
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) setImmediate(() => this.#next());
  }
}
