// What a task could not use, as a record of `dead.letters`: why, where from, and the bytes.
import { randomBytes } from 'node:crypto';
import type { RecordCodec } from '../../../codecs/avro/record-codec.ts';
import type { Failure } from '../../../schemas/failure.ts';
import { parseSite } from '../../../schemas/identifiers.ts';
import { type Entry, positionText } from '../../../schemas/record-entry.ts';
import type { StoredRecord } from '../../contracts/record-log.ts';

/** The task stands as the stage. */
export function deadLetter(
  codec: RecordCodec,
  task: string,
  record: StoredRecord,
  failure: Failure,
  nowMs: number,
): Entry {
  const { topic, partition, offset } = record.position;
  return codec.entry(
    'dead.letters',
    {
      site: siteOf(record.key, record.headers.get('site')),
      stage: task,
      code: failure.code,
      reason: failure.message,
      position: { topic, partition, offset: Number(offset) },
      key: record.key,
      occurredAtMs: nowMs,
      bytes: Buffer.from(record.value ?? new Uint8Array(0)),
    },
    { trace: record.headers.get('trace') ?? newTrace(), causation: positionText(record.position) },
  );
}

/** A timer whose wake made the processor throw again and again. */
export function deadTimer(codec: RecordCodec, task: string, key: string, failure: Failure, nowMs: number): Entry {
  return codec.entry(
    'dead.letters',
    {
      site: siteOf(key, undefined),
      stage: task,
      code: failure.code,
      reason: failure.message,
      position: null,
      key,
      occurredAtMs: nowMs,
      bytes: Buffer.alloc(0),
    },
    { trace: newTrace() },
  );
}

/** Every key begins with its site; a record that someone else wrote may not. */
function siteOf(key: string, header: string | undefined): string {
  const slash = key.indexOf('/');
  return parseSite(header ?? '') ?? parseSite(slash === -1 ? key : key.slice(0, slash)) ?? 'unknown';
}

function newTrace(): string {
  return randomBytes(8).toString('hex');
}
