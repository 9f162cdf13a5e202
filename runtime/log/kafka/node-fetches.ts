// The fetches in flight, one a broker at most: who is asked, which answers count, which limits grow.
import type { FetchAnswer, FetchQuestion } from './cluster-protocol.ts';
import type { FetchedPartition, PartitionFetch } from './cluster-reader.ts';
import { committedBatches, nextOffset } from './committed-records.ts';
import { decompressed } from './compression-codecs.ts';
import { isLinkTrouble, OFFSET_OUT_OF_RANGE } from './fetch-trouble.ts';
import { protocolError } from './kafkajs-internals.ts';
import { BatchUnreadable, batchBytes, decodeRecords, splitBatches } from './record-batches.ts';

/** Sends one fetch to one broker. */
export type NodeFetch = (nodeId: number, asked: FetchQuestion['partitions']) => Promise<readonly FetchAnswer[]>;

interface InFlight {
  readonly nodeId: number;
  readonly asked: ReadonlyMap<string, bigint>;
  readonly answer: Promise<void>;
  outcome?: NodeAnswer;
}

/** What one broker brought, and which errors: of the request, or of single partitions. */
interface NodeAnswer {
  readonly partitions: readonly FetchedPartition[];
  readonly errors: readonly unknown[];
}

/** So long a replica in our rack is asked instead of the leader. */
const PREFERENCE_MS = 300_000;
/** An error of one partition is told at the latest after so long, while others bring news in every fetch. */
const TELL_MS = 1_000;
/** A batch that is larger than this is refused: no broker of ours takes it. */
const FETCH_BYTES_MAX = 256 * 1_024 * 1_024;

export class NodeFetches {
  readonly #rack: string | undefined;
  readonly #inFlight = new Map<number, InFlight>();
  readonly #preferred = new Map<string, { readonly nodeId: number; readonly untilMs: number }>();
  /** Limits of partitions whose next batch was cut off. */
  readonly #larger = new Map<string, number>();
  #turn = 0;
  /** An error beside news, and when one was last told. */
  #untold: unknown;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(rack: string | undefined) {
    this.#rack = rack;
  }

  /** Nothing in flight counts any more. */
  forget(): void {
    this.#inFlight.clear();
    this.#preferred.clear();
  }

  async fetch(
    partitions: readonly PartitionFetch[],
    leaderOf: (partition: PartitionFetch) => number,
    send: NodeFetch,
  ): Promise<readonly FetchedPartition[]> {
    this.#tell();
    const { byNode, errors } = this.#grouped(partitions, leaderOf);
    const waiting = [...byNode].map(([nodeId, asked]) => this.#start(nodeId, asked, send));
    const wanted = new Map(partitions.map((one) => [keyOf(one), one.offset]));
    while (waiting.some(({ outcome }) => outcome === undefined) && !waiting.some(hasNews)) {
      await Promise.race(waiting.filter(({ outcome }) => outcome === undefined).map(({ answer }) => answer));
    }
    const found = this.#collect(waiting, wanted, errors);
    if (errors.length === 0) return found;
    // An empty answer beside an error would hide the error for ever.
    if (!found.some(isNews)) throw worst(errors);
    this.#untold = worst(errors);
    return found;
  }

  /** What is thrown makes the caller look for the leader again, or connect anew. */
  #tell(): void {
    const error = this.#untold;
    this.#untold = undefined;
    if (error === undefined || performance.now() - this.#toldMs < TELL_MS) return;
    this.#toldMs = performance.now();
    throw error;
  }

  #grouped(partitions: readonly PartitionFetch[], leaderOf: (partition: PartitionFetch) => number) {
    const byNode = new Map<number, PartitionFetch[]>();
    const errors: unknown[] = [];
    // The broker fills its answer in the order asked: everyone comes first in turn.
    this.#turn = (this.#turn + 1) % partitions.length;
    for (const one of [...partitions.slice(this.#turn), ...partitions.slice(0, this.#turn)]) {
      try {
        const nodeId = this.#preferredReplica(one) ?? leaderOf(one);
        byNode.set(nodeId, [...(byNode.get(nodeId) ?? []), one]);
      } catch (error) {
        // The other partitions are fetched nevertheless; the error is thrown where they bring nothing.
        errors.push(error);
      }
    }
    return { byNode, errors };
  }

  #preferredReplica(one: PartitionFetch): number | undefined {
    const preferred = this.#rack === undefined ? undefined : this.#preferred.get(keyOf(one));
    return preferred !== undefined && preferred.untilMs > performance.now() ? preferred.nodeId : undefined;
  }

  #start(nodeId: number, asked: readonly PartitionFetch[], send: NodeFetch): InFlight {
    const running = this.#inFlight.get(nodeId);
    if (running !== undefined) return running;
    const answer = this.#ask(nodeId, asked, send).then(
      (outcome) => {
        started.outcome = outcome;
      },
      (error: unknown) => {
        started.outcome = { partitions: [], errors: [error] };
      },
    );
    const started: InFlight = { nodeId, asked: new Map(asked.map((one) => [keyOf(one), one.offset])), answer };
    this.#inFlight.set(nodeId, started);
    return started;
  }

  #collect(waiting: readonly InFlight[], wanted: ReadonlyMap<string, bigint>, errors: unknown[]): FetchedPartition[] {
    const found: FetchedPartition[] = [];
    for (const flight of waiting) {
      if (flight.outcome === undefined) continue;
      // After `forget` another flight may stand in its place, or none.
      if (this.#inFlight.get(flight.nodeId) === flight) this.#inFlight.delete(flight.nodeId);
      errors.push(...flight.outcome.errors);
      for (const one of flight.outcome.partitions) {
        if (wanted.get(keyOf(one)) === flight.asked.get(keyOf(one))) found.push(one);
      }
    }
    return found;
  }

  /** Asks again at once when all that came was the beginning of a batch, or the name of a nearer replica. */
  async #ask(nodeId: number, asked: readonly PartitionFetch[], send: NodeFetch): Promise<NodeAnswer> {
    for (;;) {
      const answers = await send(
        nodeId,
        asked.map((one) => ({ ...one, maxBytes: this.#larger.get(keyOf(one)) ?? one.maxBytes })),
      );
      const offsets = new Map(asked.map((one) => [keyOf(one), one.offset]));
      const partitions: FetchedPartition[] = [];
      const errors: unknown[] = [];
      let cutOff = false;
      for (const answer of answers) {
        const offset = offsets.get(keyOf(answer));
        if (offset === undefined) continue;
        try {
          const { partition, isCutOff } = await this.#read(nodeId, answer, offset);
          partitions.push(partition);
          if (isCutOff) this.#grow(answer, asked);
          else this.#larger.delete(keyOf(answer));
          cutOff ||= isCutOff;
        } catch (error) {
          // Of this partition; the caller of `fetch` is told.
          errors.push(error);
        }
      }
      if (!cutOff || errors.length > 0 || partitions.some(isNews)) return { partitions, errors };
    }
  }

  /** Room for the whole batch; doubled where its size was cut off too. */
  #grow(answer: FetchAnswer, asked: readonly PartitionFetch[]): void {
    const key = keyOf(answer);
    const room = this.#larger.get(key) ?? asked.find((one) => keyOf(one) === key)?.maxBytes ?? 0;
    const needed = batchBytes(answer.batches) ?? 2 * room;
    this.#larger.set(key, Math.min(FETCH_BYTES_MAX, Math.max(room, needed)));
  }

  async #read(nodeId: number, answer: FetchAnswer, offset: bigint) {
    const key = keyOf(answer);
    const { topic, partition, lastStableOffset, highWatermark } = answer;
    const nothing = { topic, partition, records: [], next: offset, bytes: 0, lastStableOffset, highWatermark } as const;
    if (answer.errorCode !== 0) {
      const followed = this.#preferred.get(key)?.nodeId === nodeId;
      this.#preferred.delete(key);
      // A replica that lags, or has cut its log earlier, is no authority on the range: the leader is asked next.
      if (followed) return { partition: { ...nothing, outOfRange: false }, isCutOff: false };
      if (answer.errorCode === OFFSET_OUT_OF_RANGE) {
        return { partition: { ...nothing, outOfRange: true }, isCutOff: false };
      }
      throw protocolError(answer.errorCode);
    }
    if (answer.preferredReadReplica >= 0) {
      this.#preferred.set(key, { nodeId: answer.preferredReadReplica, untilMs: performance.now() + PREFERENCE_MS });
    }
    const { batches, cutOff } = splitBatches(answer.batches);
    if (batches.length === 0 && cutOff) {
      if ((batchBytes(answer.batches) ?? 0) > FETCH_BYTES_MAX) throw new BatchUnreadable('BATCH_TOO_LARGE');
      return { partition: { ...nothing, outOfRange: false }, isCutOff: true };
    }
    const records = [];
    for (const batch of committedBatches(batches, answer.aborted)) {
      for (const record of decodeRecords(batch, await decompressed(batch.compression, batch.payload))) {
        if (record.offset >= offset) records.push(record);
      }
    }
    const next = nextOffset(batches, offset);
    return {
      partition: { ...nothing, records, next, bytes: answer.batches.length, outOfRange: false },
      isCutOff: false,
    };
  }
}

function keyOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}/${partition}`;
}

function isNews({ bytes, outOfRange }: FetchedPartition): boolean {
  return bytes > 0 || outOfRange;
}

function hasNews({ outcome }: InFlight): boolean {
  return outcome?.partitions.some(isNews) ?? false;
}

/** Of several errors the one after which the link is made anew. */
function worst(errors: readonly unknown[]): unknown {
  return errors.find(isLinkTrouble) ?? errors[0];
}
