// A log whose door the test holds: open, shut (appends wait), or refusing.
import { singleObjectCodec } from '../../../codecs/avro/record-codec.ts';
import type { LogHealth, RecordLog } from '../../../runtime/contracts/record-log.ts';
import type { Entry, Position } from '../../../schemas/record-entry.ts';
import type { DeadLetter, DicomInstance } from '../../../schemas/records.ts';

export class DoorLog implements Pick<RecordLog, 'append' | 'health'> {
  readonly codec = singleObjectCodec();
  /** Durable, in order. */
  readonly entries: Entry[] = [];
  appends = 0;
  healthAnswer: LogHealth = { writable: true };
  #door: 'open' | 'shut' | Error = 'open';
  #waiting: (() => void)[] = [];
  #watchers: (() => void)[] = [];

  shut(): void {
    this.#door = 'shut';
  }

  refuse(error: Error): void {
    this.#door = error;
  }

  open(): void {
    this.#door = 'open';
    for (const settle of this.#waiting.splice(0)) settle();
  }

  /** Resolves once this many appends have been asked for, ever. */
  async appended(count: number): Promise<void> {
    while (this.appends < count) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  health(): LogHealth {
    return this.healthAnswer;
  }

  /** Ignores its signal, as a log whose disk hangs would. */
  async append(entries: readonly Entry[]): Promise<readonly Position[]> {
    this.appends += 1;
    for (const tell of this.#watchers.splice(0)) tell();
    if (this.#door instanceof Error) throw this.#door;
    if (this.#door === 'shut') await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const first = this.entries.length;
    this.entries.push(...entries);
    return entries.map(({ topic }, index) => ({ topic, partition: 0, offset: BigInt(first + index) }));
  }

  instances(): readonly DicomInstance[] {
    return this.entries.flatMap(({ topic, value }) => {
      if (topic !== 'dicom.instances' || value === null) return [];
      const record = this.codec.decode('dicom.instances', value);
      if (!record.ok) throw new Error(record.failure.code);
      return [record.value];
    });
  }

  deadLetters(): readonly DeadLetter[] {
    return this.entries.flatMap(({ topic, value }) => {
      if (topic !== 'dead.letters' || value === null) return [];
      const record = this.codec.decode('dead.letters', value);
      if (!record.ok) throw new Error(record.failure.code);
      return [record.value];
    });
  }
}
