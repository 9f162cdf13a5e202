// A reader of committed records that shares no code with the bridge: kcat, on librdkafka. Beside the faults, or at the end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as later } from 'node:timers/promises';
import { recordCodec } from '../../../codecs/avro/record-codec.ts';
import type { TopicName } from '../../../schemas/records.ts';
import type { InspectedRecord } from '../evidence.ts';

export interface CommittedRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  /** Null: the key was deleted. */
  readonly value: Buffer | null;
}

export interface KafkaPlace {
  readonly bootstrap: string;
  readonly prefix: string;
}

export interface FollowedTopic {
  readonly topic: TopicName;
  /** What has been read until now, in the order in which it came. */
  readonly records: readonly CommittedRecord[];
  /** Sentences about what was read twice and differed. */
  readonly faults: readonly string[];
  /** Ends the reader. */
  stop(): Promise<void>;
}

const FORMAT = '%p %o %S %k\n%s\n';
const AGAIN_MS = 300;
const codec = recordCodec({});

/**
 * Reads from the beginning and goes on as records are committed. kcat ends when it has lost its only broker: the next one
 * begins anew, and must find what was read before.
 */
export function followTopic({ bootstrap, prefix }: KafkaPlace, topic: TopicName): FollowedTopic {
  const records: CommittedRecord[] = [];
  const known = new Map<string, CommittedRecord>();
  const faults: string[] = [];
  const stopped = new AbortController();
  const take = (record: CommittedRecord): void => {
    const place = placeOf(record);
    const before = known.get(place);
    if (before === undefined) records.push(record);
    else if (!isSame(before, record)) faults.push(`${topic}/${place} was read again with another value`);
    known.set(place, record);
  };
  const follow = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const reader = kcat(bootstrap, `${prefix}${topic}`, ['-u'], take);
      const end = (): void => void reader.child.kill('SIGTERM');
      stopped.signal.addEventListener('abort', end);
      await reader.ended;
      stopped.signal.removeEventListener('abort', end);
      await later(AGAIN_MS, undefined, { signal: stopped.signal }).catch(() => {
        // Told to stop: the loop ends.
      });
    }
  };
  const following = follow();
  return {
    topic,
    records,
    faults,
    stop: async () => {
      stopped.abort();
      await following;
    },
  };
}

export function placeOf({ partition, offset }: CommittedRecord): string {
  return `${partition}/${offset}`;
}

export function isSame(one: CommittedRecord, other: CommittedRecord): boolean {
  if (one.key !== other.key) return false;
  return one.value === null || other.value === null ? one.value === other.value : one.value.equals(other.value);
}

/** All of a topic's committed records. */
export async function committedRecords(
  { bootstrap, prefix }: KafkaPlace,
  topic: TopicName,
): Promise<readonly CommittedRecord[]> {
  const records: CommittedRecord[] = [];
  const reader = kcat(bootstrap, `${prefix}${topic}`, ['-e'], (record) => records.push(record));
  const code = await reader.ended;
  if (code !== 0) throw new Error(`kcat ended with ${String(code)}: ${reader.complaints()}`);
  return records;
}

/** As `inspect` shows them. */
export function inspected(topic: TopicName, records: readonly CommittedRecord[]): readonly InspectedRecord[] {
  return records.flatMap(({ partition, offset, value }) => {
    if (value === null) return [];
    const decoded = codec.decode(topic, value);
    if (!decoded.ok) throw new Error(`${topic}/${partition}/${offset} cannot be decoded: ${decoded.failure.code}`);
    return [{ position: `${topic}/${partition}/${offset}`, record: { ...decoded.value } }];
  });
}

function kcat(bootstrap: string, topic: string, more: readonly string[], read: (record: CommittedRecord) => void) {
  const settings = ['isolation.level=read_committed', 'fetch.wait.max.ms=100', 'fetch.message.max.bytes=52428800'];
  const args = ['-b', bootstrap, '-C', '-q', '-t', topic, '-o', 'beginning', '-f', FORMAT, ...more];
  const child = spawn('kcat', [...args, ...settings.flatMap((setting) => ['-X', setting])], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const parser = new RecordParser(read);
  let complaints = '';
  child.stdout.on('data', (chunk: Buffer) => parser.push(chunk));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = `${complaints}${text}`.slice(-2_000);
  });
  const ended = once(child, 'close').then(([code]: readonly unknown[]) => code);
  return { child, ended, complaints: () => complaints };
}

/** A line with partition, offset, length and key; then so many bytes and a line's end. */
class RecordParser {
  readonly #read: (record: CommittedRecord) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(read: (record: CommittedRecord) => void) {
    this.#read = read;
  }

  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      const line = this.#rest.indexOf('\n', at);
      if (line === -1) break;
      const [partition = '', offset = '', length = '', ...key] = this.#rest.toString('utf8', at, line).split(' ');
      const bytes = Math.max(Number(length), 0);
      const end = line + 1 + bytes;
      if (this.#rest.length <= end) break;
      this.#read({
        partition: Number(partition),
        offset: Number(offset),
        key: key.join(' '),
        value: Number(length) < 0 ? null : Buffer.from(this.#rest.subarray(line + 1, end)),
      });
      at = end + 1;
    }
    this.#rest = this.#rest.subarray(at);
  }
}
