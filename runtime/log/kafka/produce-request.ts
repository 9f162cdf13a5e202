/**
 * Puts our writer of record batches into kafkajs' Produce request.
 *
 * Everything else of kafkajs' producers stays as it is: transactions, sequences, retries, metadata, the answer. Only
 * `encode` of the request is replaced, for all producers of the process; see `record-batch-writer.ts` for why. The
 * version of kafkajs is pinned, and a test compares what both write.
 *
 * Source: Apache Kafka protocol guide, Produce versions 3 to 7.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { type BatchMessage, recordBatch } from './record-batch-writer.ts';

/** From here on the request carries record batches in the format that we write. */
const PRODUCE_VERSION_MIN = 3;

interface ProduceOptions {
  readonly acks: number;
  readonly timeout: number;
  readonly compression?: number;
  readonly transactionalId?: string | null;
  /** kafkajs holds 64-bit numbers as objects of its own, whose text is the number. */
  readonly producerId?: { toString(): string };
  readonly producerEpoch?: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly firstSequence?: number;
      readonly messages: readonly BatchMessage[];
    }[];
  }[];
}

interface Protocol {
  readonly request: { encode(): Promise<EncodedRequest> };
  readonly response: unknown;
}

/** What kafkajs takes from an encoder of its own. */
interface EncodedRequest {
  readonly buf: Buffer;
  readonly buffer: Buffer;
}

interface ProduceDefinition {
  protocol(which: { readonly version: number }): (options: ProduceOptions) => Protocol;
}

interface CompressionCodec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
}

const load = createRequire(import.meta.url);
let replaced = false;

export function replaceProduceEncoding(): void {
  if (replaced) return;
  replaced = true;
  const definitions: { readonly requests: { readonly Produce: ProduceDefinition } } = load(
    'kafkajs/src/protocol/requests',
  );
  const { Produce } = definitions.requests;
  assert(typeof Produce.protocol === 'function', 'kafkajs 2.2.4 defines its requests by version');
  const original = Produce.protocol;
  Produce.protocol = (which) => {
    const make = original(which);
    if (which.version < PRODUCE_VERSION_MIN) return make;
    return (options) => {
      const { request, response } = make(options);
      return { request: { ...request, encode: () => encodeProduce(options) }, response };
    };
  };
}

async function encodeProduce(options: ProduceOptions): Promise<EncodedRequest> {
  const { transactionalId = null, acks, timeout, topicData } = options;
  const chunks: Buffer[] = [nullableText(transactionalId), int16(acks), int32(timeout), int32(topicData.length)];
  for (const { topic, partitions } of topicData) {
    chunks.push(nullableText(topic), int32(partitions.length));
    for (const { partition, firstSequence = 0, messages } of partitions) {
      const batch = await recordBatch(messages, frameOf(options, firstSequence));
      chunks.push(int32(partition), int32(batch.length), batch);
    }
  }
  const buffer = Buffer.concat(chunks);
  return { buf: buffer, buffer };
}

function frameOf(options: ProduceOptions, firstSequence: number): Parameters<typeof recordBatch>[1] {
  const { transactionalId, producerId, producerEpoch = 0, compression = 0 } = options;
  return {
    transactional: typeof transactionalId === 'string' && transactionalId !== '',
    producerId: BigInt(producerId?.toString() ?? -1),
    producerEpoch,
    firstSequence,
    nowMs: Date.now(),
    compression,
    compress: (recordBytes) => compressionCodec(compression).compress({ buffer: recordBytes }),
  };
}

/** As registered with kafkajs (`compression-codecs.ts`). */
function compressionCodec(compression: number): CompressionCodec {
  const compressions: { lookupCodec(type: number): CompressionCodec } = load(
    'kafkajs/src/protocol/message/compression',
  );
  return compressions.lookupCodec(compression);
}

function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function nullableText(text: string | null): Buffer {
  return text === null ? int16(-1) : Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)]);
}
