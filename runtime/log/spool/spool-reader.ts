// The embedded log as the forwarder reads it: slices of records, and the copy of the cursor.
import { randomUUID } from 'node:crypto';
import type { StoredRecord } from '../../contracts/record-log.ts';
import type { EmbeddedLog } from '../embedded/embedded-log.ts';
import { positionChange, positionIn, type TaskStorage } from '../tasks/task-storage.ts';
import {
  type Contradiction,
  contradictionOf,
  SPOOLED_TOPICS,
  type SpooledTopic,
  type SpoolPlace,
  type SpoolPlaces,
} from './spool-cursor.ts';

/** Each topic's part of a slice; one record may be larger. */
export interface SliceBound {
  readonly records: number;
  readonly bytes: number;
}

/** Under this name status shows how far the forwarder is, and retention keeps what it has yet to read. */
const READER = 'spool';
const IDENTITY = { store: 'identity', key: 'log' } as const;

export class SpoolReader {
  readonly #storage: TaskStorage;

  /** `grown` is called when there may be more to forward. */
  constructor(embedded: EmbeddedLog, grown: () => void) {
    const outline = { name: READER, inputs: SPOOLED_TOPICS, outputs: [] };
    this.#storage = embedded.attach(outline, (topics) => {
      if (SPOOLED_TOPICS.some((topic) => topics.has(topic))) grown();
    });
  }

  /** Made once a data directory: a new directory under the same spool id begins with its own first record. */
  async identity(): Promise<string> {
    const { store, key } = IDENTITY;
    const known = this.#storage.stores(store).get(key);
    if (known !== undefined) return Buffer.from(known).toString();
    const made = randomUUID();
    await this.#storage.commit({ changes: [{ store, key, bytes: Buffer.from(made) }], outputs: [] });
    return made;
  }

  noted(topic: SpooledTopic): bigint {
    return positionIn(this.#storage.stores, topic);
  }

  /** After the same is committed on Kafka. */
  async note(places: SpoolPlaces): Promise<void> {
    const moved = [...places].filter(([topic, { next }]) => this.noted(topic) !== next);
    if (moved.length === 0) return;
    await this.#storage.commit({ changes: moved.map(([topic, { next }]) => positionChange(topic, next)), outputs: [] });
  }

  async contradiction(places: SpoolPlaces | undefined): Promise<Contradiction | undefined> {
    for (const topic of SPOOLED_TOPICS) {
      const cluster = places?.get(topic)?.next ?? 0n;
      const before = cluster === 0n ? undefined : await this.#recordAt(topic, cluster - 1n);
      const found = contradictionOf(
        topic,
        { noted: this.noted(topic), end: this.#storage.end(topic), appendedBefore: () => before?.appendedAtMs },
        places,
      );
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** In order a topic; empty when everything is forwarded. */
  async slice(places: SpoolPlaces, bound: SliceBound): Promise<readonly StoredRecord[]> {
    const records: StoredRecord[] = [];
    for (const topic of SPOOLED_TOPICS) {
      if (bound.records === 1 && records.length > 0) break;
      records.push(...(await this.#storage.read(topic, places.get(topic)?.next ?? 0n, bound)).records);
    }
    return records;
  }

  waiting(places: SpoolPlaces | undefined): number {
    let waiting = 0;
    for (const topic of SPOOLED_TOPICS) {
      waiting += Number(this.#storage.end(topic) - (places?.get(topic)?.next ?? this.noted(topic)));
    }
    return Math.max(0, waiting);
  }

  /** When the oldest record that waits was appended. */
  async oldestAtMs(places: SpoolPlaces | undefined): Promise<number | undefined> {
    let oldest: number | undefined;
    for (const topic of SPOOLED_TOPICS) {
      const from = places?.get(topic)?.next ?? this.noted(topic);
      const [first] = (await this.#storage.read(topic, from, { records: 1, bytes: 1 })).records;
      if (first !== undefined && (oldest === undefined || first.appendedAtMs < oldest)) oldest = first.appendedAtMs;
    }
    return oldest;
  }

  async #recordAt(topic: SpooledTopic, offset: bigint): Promise<StoredRecord | undefined> {
    const [record] = (await this.#storage.read(topic, offset, { records: 1, bytes: 1 })).records;
    return record?.position.offset === offset ? record : undefined;
  }
}

/** Where the cursor stands behind these records. */
export function placesAfter(places: SpoolPlaces, records: readonly StoredRecord[]): SpoolPlaces {
  const after = new Map<SpooledTopic, SpoolPlace>(places);
  for (const { position, appendedAtMs } of records) {
    const topic = SPOOLED_TOPICS.find((known) => known === position.topic);
    if (topic !== undefined) after.set(topic, { next: position.offset + 1n, lastAppendedAtMs: appendedAtMs });
  }
  return after;
}
