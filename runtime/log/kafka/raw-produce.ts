/**
 * A produce request whose answer tells the outcome of each partition.
 *
 * kafkajs' own produce throws at the first partition that fails, and nobody learns what became of the others. So the
 * request is put on the broker's connection here: kafkajs still connects, authenticates, numbers and times out.
 *
 * Source: Apache Kafka protocol guide, Produce version 7 and InitProducerId version 1.
 */
import type { Broker } from 'kafkajs';
import { exchange, protocolError } from './kafkajs-internals.ts';

const PRODUCE = { apiKey: 0, apiVersion: 7, apiName: 'Produce' } as const;
const INIT_PRODUCER_ID = { apiKey: 22, apiVersion: 1, apiName: 'InitProducerId' } as const;
const ACKS_ALL = -1;
/** Length of a null string. */
const NONE = -1;

export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

export interface ProducedBatch {
  /** Full name. */
  readonly topic: string;
  readonly partition: number;
  /** One record batch, encoded. */
  readonly bytes: Buffer;
}

export interface ProduceAnswer {
  readonly topic: string;
  readonly partition: number;
  /** Kafka's number; 0 is none. */
  readonly errorCode: number;
  readonly baseOffset: bigint;
}

/** All replicas in sync have it when it resolves. Rejects with kafkajs' errors when there is no answer. */
export async function rawProduce(
  broker: Broker,
  batches: readonly ProducedBatch[],
  replicasTimeoutMs: number,
  requestTimeoutMs: number,
): Promise<readonly ProduceAnswer[]> {
  const request = { ...PRODUCE, encode: async () => encoded(encodeProduce(batches, replicasTimeoutMs)) };
  return await exchange(broker, request, requestTimeoutMs, decodeProduce);
}

/** A producer id of its own, as an idempotent producer needs one. */
export async function newProducerIdentity(broker: Broker, requestTimeoutMs: number): Promise<ProducerIdentity> {
  const request = {
    ...INIT_PRODUCER_ID,
    encode: async () => {
      const body = Buffer.alloc(6);
      body.writeInt16BE(NONE, 0);
      // The time-out of transactions, of which there are none.
      body.writeInt32BE(requestTimeoutMs, 2);
      return encoded(body);
    },
  };
  return await exchange(broker, request, requestTimeoutMs, (raw) => {
    const errorCode = raw.readInt16BE(4);
    if (errorCode !== 0) throw protocolError(errorCode);
    const answer = { producerId: raw.readBigInt64BE(6), producerEpoch: raw.readInt16BE(14) };
    return { clientSideThrottleTime: raw.readInt32BE(0), answer };
  });
}

/** What kafkajs takes for an encoder. */
function encoded(buffer: Buffer): { readonly buf: Buffer; readonly buffer: Buffer } {
  return { buf: buffer, buffer };
}

function encodeProduce(batches: readonly ProducedBatch[], replicasTimeoutMs: number): Buffer {
  const topics = new Map<string, ProducedBatch[]>();
  let size = 12;
  for (const batch of batches) {
    const known = topics.get(batch.topic);
    if (known === undefined) {
      topics.set(batch.topic, [batch]);
      size += 6 + Buffer.byteLength(batch.topic);
    } else known.push(batch);
    size += 8 + batch.bytes.length;
  }
  const bytes = Buffer.allocUnsafe(size);
  let at = bytes.writeInt16BE(NONE, 0); // Transactional id.
  at = bytes.writeInt16BE(ACKS_ALL, at);
  at = bytes.writeInt32BE(replicasTimeoutMs, at);
  at = bytes.writeInt32BE(topics.size, at);
  for (const [topic, partitions] of topics) {
    at = bytes.writeInt16BE(Buffer.byteLength(topic), at);
    at += bytes.write(topic, at);
    at = bytes.writeInt32BE(partitions.length, at);
    for (const batch of partitions) {
      at = bytes.writeInt32BE(batch.partition, at);
      at = bytes.writeInt32BE(batch.bytes.length, at);
      bytes.set(batch.bytes, at);
      at += batch.bytes.length;
    }
  }
  return bytes;
}

function decodeProduce(raw: Buffer): {
  readonly clientSideThrottleTime: number;
  readonly answer: readonly ProduceAnswer[];
} {
  const answer: ProduceAnswer[] = [];
  let at = 4;
  for (let topics = raw.readInt32BE(0); topics > 0; topics -= 1) {
    const nameEnd = at + 2 + raw.readInt16BE(at);
    const topic = raw.toString('utf8', at + 2, nameEnd);
    at = nameEnd + 4;
    for (let left = raw.readInt32BE(nameEnd); left > 0; left -= 1) {
      const [partition, errorCode, baseOffset] = [
        raw.readInt32BE(at),
        raw.readInt16BE(at + 4),
        raw.readBigInt64BE(at + 6),
      ];
      answer.push({ topic, partition, errorCode, baseOffset });
      // Append time and the log's first offset follow.
      at += 30;
    }
  }
  return { clientSideThrottleTime: raw.readInt32BE(at), answer };
}
