// What a task's effects report and is not yet committed.
interface QueuedReport<Report> {
  readonly report: Report;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/** Bounded by the effects, which wait for each report (invariant 7). */
export class ReportQueue<Report> {
  readonly #waiting: QueuedReport<Report>[] = [];
  #closed: Error | undefined;

  get size(): number {
    return this.#waiting.length;
  }

  /** Resolves when the settlement is committed. */
  add(report: Report, notify: () => void): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ report, resolve, reject });
      notify();
    });
  }

  first(limit: number): readonly Report[] {
    return this.#waiting.slice(0, limit).map(({ report }) => report);
  }

  committed(count: number): void {
    for (const { resolve } of this.#waiting.splice(0, count)) resolve();
  }

  close(reason: Error): void {
    this.#closed = reason;
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }
}
