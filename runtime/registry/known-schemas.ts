// The schemas that the registry has told, by their ids.
import type { WireIds } from '../../codecs/avro/wire-format.ts';

/** The topics have a handful each; others that write to them, a few more. */
const SCHEMAS_MAX = 4_096;

export class KnownSchemas implements WireIds {
  readonly #texts = new Map<number, string>();
  readonly #written: ReadonlyMap<string, number>;

  /** `written`: the id that records of a topic are written with. */
  constructor(texts: ReadonlyMap<number, string>, written: ReadonlyMap<string, number>) {
    this.#written = written;
    for (const [id, text] of texts) this.add(id, text);
  }

  /** False when there is no room: nothing is forgotten for it, since a record may just be about to be decoded. */
  add(id: number, text: string): boolean {
    // Invariant 7: ids come from records, and anyone may write those.
    if (this.#texts.size >= SCHEMAS_MAX) return false;
    this.#texts.set(id, text);
    return true;
  }

  text(id: number): string | undefined {
    return this.#texts.get(id);
  }

  written(topic: string): number | undefined {
    return this.#written.get(topic);
  }
}
