// A log whose answers a test decides: it takes, holds back, or refuses what is appended.
import { type RecordCodec, singleObjectCodec } from '../../../codecs/avro/record-codec.ts';
import type { LogHealth, RecordLog } from '../../../runtime/contracts/record-log.ts';
import type { Entry, Position } from '../../../schemas/record-entry.ts';
import type { DeadLetter, Hl7Message } from '../../../schemas/records.ts';

export class FakeLog implements Pick<RecordLog, 'append' | 'health'> {
  readonly codec: RecordCodec = singleObjectCodec();
  /** Durable, in order. */
  readonly entries: Entry[] = [];
  /** Entries of each append, durable or not. */
  readonly appends: number[] = [];
  inFlight = 0;
  inFlightHighest = 0;
  #mode: 'take' | 'hold' | Error = 'take';
  #held: (() => void)[] = [];
  #appended: (() => void)[] = [];

  take(): void {
    this.#mode = 'take';
    for (const release of this.#held.splice(0)) release();
  }

  hold(): void {
    this.#mode = 'hold';
  }

  refuse(error: Error): void {
    this.#mode = error;
  }

  /** Lets the n-th held append through, 0 the oldest. */
  releaseOne(index: number): void {
    for (const release of this.#held.splice(index, 1)) release();
  }

  get held(): number {
    return this.#held.length;
  }

  /** Resolves at the next call of append. */
  nextAppend(): Promise<void> {
    return new Promise((resolve) => this.#appended.push(resolve));
  }

  health(): LogHealth {
    return this.#mode instanceof Error ? { writable: false, code: 'log.full' } : { writable: true };
  }

  append(entries: readonly Entry[], signal: AbortSignal): Promise<readonly Position[]> {
    this.appends.push(entries.length);
    for (const tell of this.#appended.splice(0)) tell();
    if (this.#mode instanceof Error) return Promise.reject(this.#mode);
    this.inFlight += entries.length;
    this.inFlightHighest = Math.max(this.inFlightHighest, this.inFlight);
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.inFlight -= entries.length;
        const first = this.entries.length;
        this.entries.push(...entries);
        resolve(entries.map(({ topic }, at) => ({ topic, partition: 0, offset: BigInt(first + at) })));
      };
      signal.addEventListener(
        'abort',
        () => {
          const at = this.#held.indexOf(settle);
          if (at === -1) return;
          this.#held.splice(at, 1);
          this.inFlight -= entries.length;
          reject(signal.reason);
        },
        { once: true },
      );
      if (this.#mode === 'hold') this.#held.push(settle);
      else setImmediate(settle);
    });
  }

  messages(): Hl7Message[] {
    return this.#decoded('hl7.messages');
  }

  deadLetters(): DeadLetter[] {
    return this.#decoded('dead.letters');
  }

  #decoded<Name extends 'hl7.messages' | 'dead.letters'>(topic: Name) {
    return this.entries.flatMap((entry) => {
      if (entry.topic !== topic || entry.value === null) return [];
      const record = this.codec.decode(topic, entry.value);
      if (!record.ok) throw new Error(record.failure.code);
      return [record.value];
    });
  }
}
