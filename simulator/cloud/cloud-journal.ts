/**
 * Keeps the cloud's changes in a folder, so that they outlive the sandbox's process.
 *
 * One file of JSON lines, appended to before a call is answered. On open the lines are played back; a torn last line is
 * left out. When the file exceeds `fileBytesMax` it is written anew from memory and renamed into place.
 */
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isJsonObject, parseJson } from '../json-value.ts';
import type { CloudChange, CloudMemory } from './cloud-memory.ts';

const FILE_NAME = 'cloud.jsonl';
const FILE_BYTES_MAX = 128 * 1024 * 1024;

export class CloudJournal {
  readonly #folder: string;
  readonly #memory: CloudMemory;
  readonly #fileBytesMax: number;
  #file: FileHandle | undefined;
  #fileBytes = 0;
  /** Writes follow one another; each waits for this. */
  #last: Promise<void> = Promise.resolve();

  constructor(folder: string, memory: CloudMemory, fileBytesMax = FILE_BYTES_MAX) {
    this.#folder = folder;
    this.#memory = memory;
    this.#fileBytesMax = fileBytesMax;
  }

  /** Plays the kept changes into memory and begins to append. */
  async open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = join(this.#folder, FILE_NAME);
    const file = await open(path, 'a', 0o600);
    for await (const line of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })) {
      const change = parseJson(line);
      if (isChange(change)) this.#memory.apply(change);
    }
    // A torn last line gets its end here, or the next change would be written onto it.
    await file.write('\n');
    this.#fileBytes = (await file.stat()).size;
    this.#file = file;
  }

  /** Resolves when the changes are written; they then survive the end of this process, whatever ends it. */
  append(changes: readonly CloudChange[]): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#file === undefined) return;
      const lines = changes.map((change) => `${JSON.stringify(change)}\n`).join('');
      this.#fileBytes += (await this.#file.write(lines)).bytesWritten;
      if (this.#fileBytes > this.#fileBytesMax) await this.#rewrite();
    });
  }

  /** Writes the file anew from memory. */
  rewrite(): Promise<void> {
    return this.#enqueue(() => this.#rewrite());
  }

  async close(): Promise<void> {
    await this.#enqueue(async () => {
      await this.#file?.close();
      this.#file = undefined;
    });
  }

  async #rewrite(): Promise<void> {
    if (this.#file === undefined) return;
    const path = join(this.#folder, FILE_NAME);
    const fresh = await open(`${path}.new`, 'w', 0o600);
    let bytes = 0;
    for (const change of this.#memory.changes())
      bytes += (await fresh.write(`${JSON.stringify(change)}\n`)).bytesWritten;
    await rename(`${path}.new`, path);
    await this.#file.close();
    this.#file = fresh;
    this.#fileBytes = bytes;
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    // The caller of this write sees its failure; the next write is tried all the same.
    this.#last = done.catch(() => undefined);
    return done;
  }
}

/** The file is the sandbox's own; a line that another hand wrote is believed by its type. */
function isChange(value: unknown): value is CloudChange {
  if (!isJsonObject(value)) return false;
  const { type, study, request, studyId } = value;
  if (type === 'study') return isJsonObject(study) && typeof study['studyId'] === 'string';
  if (type === 'request') return isJsonObject(request) && typeof request['sequence'] === 'number';
  return type === 'withdrawn' && typeof studyId === 'string';
}
