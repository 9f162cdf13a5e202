// One side of the append benchmark, in a process of its own: `append-side log|raw SECONDS`.
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { singleObjectCodec } from '../codecs/avro/record-codec.ts';
import { systemClock } from '../runtime/contracts/clock.ts';
import { silentTelemetry } from '../runtime/contracts/telemetry.ts';
import { openEmbeddedLog } from '../runtime/log/embedded/embedded-log.ts';
import { withFolder } from './child-process.ts';
import { quantile } from './measurement.ts';

const WRITERS = 64;
const RECORD = Buffer.alloc(1_500, 'studybridge ');
const WARM_UP_MS = 1_000;

const [side, secondsText = '5'] = process.argv.slice(2);

async function logSide(folder: string): Promise<Record<string, number>> {
  const codec = singleObjectCodec();
  const log = await openEmbeddedLog({ folder, clock: systemClock, telemetry: silentTelemetry, codec });
  const signal = new AbortController().signal;
  const headers = new Map([['site', 'bench']]);
  const figures = await closedLoop(async (writer) => {
    const entry = { topic: 'hl7.messages', key: `bench/${writer}`, partitionKey: 'bench', value: RECORD, headers };
    await log.append([entry], signal);
  });
  await log[Symbol.asyncDispose]();
  return figures;
}

async function rawSide(folder: string): Promise<Record<string, number>> {
  const file = await open(join(folder, 'raw'), 'a');
  const group = new GroupedFile(file);
  const figures = await closedLoop(() => group.append(RECORD));
  await file.close();
  return figures;
}

/** Whatever came while the last sync ran is the next group: the grouping that the log's queue has. */
class GroupedFile {
  readonly #file: FileHandle;
  #waiting: { readonly bytes: Uint8Array; readonly done: () => void }[] = [];
  #busy = false;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  append(bytes: Uint8Array): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ bytes, done });
      if (!this.#busy) void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    this.#busy = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      await this.#file.writev(group.map(({ bytes }) => bytes));
      await this.#file.datasync();
      for (const { done } of group) done();
    }
    this.#busy = false;
  }
}

async function closedLoop(append: (writer: number) => Promise<void>): Promise<Record<string, number>> {
  const waits: number[] = [];
  let counting = false;
  let running = true;
  const writer = async (number: number): Promise<void> => {
    while (running) {
      const began = performance.now();
      await append(number);
      if (counting) waits.push(performance.now() - began);
    }
  };
  const writers = Array.from({ length: WRITERS }, (_, number) => writer(number));
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
  counting = true;
  const began = performance.now();
  await new Promise((resolve) => setTimeout(resolve, Number(secondsText) * 1_000));
  counting = false;
  const seconds = (performance.now() - began) / 1_000;
  running = false;
  await Promise.all(writers);
  waits.sort((a, b) => a - b);
  return {
    recordsPerSecond: waits.length / seconds,
    p50Ms: quantile(waits, 0.5),
    p99Ms: quantile(waits, 0.99),
  };
}

const figures = await withFolder((folder) => (side === 'raw' ? rawSide(folder) : logSide(folder)));
process.stdout.write(`${JSON.stringify(figures)}\n`);
