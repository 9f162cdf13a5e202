// Reads a system-call trace of the bridge and says which acknowledgements were written before what they promise was durable.
import { readFileSync } from 'node:fs';

/** One completed call, with the trace's own times: a call that was interrupted by others spans several lines. */
export interface SystemCall {
  readonly name: string;
  /** Arguments as strace prints them. */
  readonly text: string;
  readonly result: string;
  /** Line numbers where the call began and where it was done: an order that all threads share. */
  readonly begun: number;
  readonly done: number;
}

const WHOLE = /^(?:\[pid\s+)?(\d+)\]?\s+(\w+)\((.*)\)\s+=\s+(.*)$/s;
const UNFINISHED = /^(?:\[pid\s+)?(\d+)\]?\s+(\w+)\((.*) <unfinished \.\.\.>$/s;
const RESUMED = /^(?:\[pid\s+)?(\d+)\]?\s+<\.\.\. (\w+) resumed>(.*)\)\s+=\s+(.*)$/s;

export function readTrace(path: string): readonly SystemCall[] {
  const open = new Map<string, { readonly text: string; readonly begun: number }>();
  const calls: SystemCall[] = [];
  readFileSync(path, 'latin1')
    .split('\n')
    .forEach((line, number) => {
      const unfinished = UNFINISHED.exec(line);
      const resumed = unfinished === null ? RESUMED.exec(line) : null;
      const whole = unfinished === null && resumed === null ? WHOLE.exec(line) : null;
      if (unfinished !== null)
        open.set(`${unfinished[1]} ${unfinished[2]}`, { text: unfinished[3] ?? '', begun: number });
      if (resumed !== null) {
        const key = `${resumed[1]} ${resumed[2]}`;
        const begin = open.get(key);
        open.delete(key);
        const text = `${begin?.text ?? ''}${resumed[3] ?? ''}`;
        calls.push({
          name: resumed[2] ?? '',
          text,
          result: resumed[4] ?? '',
          begun: begin?.begun ?? number,
          done: number,
        });
      }
      if (whole !== null) {
        calls.push({ name: whole[2] ?? '', text: whole[3] ?? '', result: whole[4] ?? '', begun: number, done: number });
      }
    });
  return calls;
}

export interface Promised {
  readonly id: string;
  /** Found in the write that acknowledges; strace's escapes for bytes that do not print. */
  readonly acknowledgement: string;
  /** Found in the write of the record's page. */
  readonly record: string;
}

const WRITES = new Set(['pwrite64', 'pwritev', 'pwritev2', 'writev', 'write']);
const SOCKET_WRITES = new Set(['write', 'writev', 'sendto', 'sendmsg']);

/**
 * Sentences about acknowledgements that came too early; empty when each was begun only after (1) the record's page was
 * written, (2) an fdatasync was begun after that, and (3) a write to the O_DSYNC descriptor (LMDB's meta page, which
 * makes the record reachable) was begun after that sync, and done before the acknowledgement.
 */
export function earlyAcknowledgements(calls: readonly SystemCall[], promised: readonly Promised[]): readonly string[] {
  const files = dataFiles(calls);
  const pages = calls.filter((call) => WRITES.has(call.name) && files.data.has(descriptorOf(call)));
  const syncs = calls.filter(({ name }) => name === 'fdatasync' || name === 'fsync');
  const metas = calls.filter((call) => WRITES.has(call.name) && files.synchronous.has(descriptorOf(call)));
  const answers = calls.filter((call) => SOCKET_WRITES.has(call.name) && !files.data.has(descriptorOf(call)));
  return promised.flatMap(({ id, acknowledgement, record }) => {
    const answer = answers.find(({ text }) => text.includes(acknowledgement));
    if (answer === undefined) return [`${id}: no acknowledgement in the trace`];
    const page = pages.find(({ text }) => text.includes(record));
    if (page === undefined) return [`${id}: no write of its record in the trace`];
    const sync = syncs.find(({ begun }) => begun > page.done);
    if (sync === undefined || sync.done > answer.begun)
      return [`${id}: acknowledged before a sync that covers its pages`];
    const meta = metas.find(({ begun }) => begun > sync.done);
    if (meta === undefined || meta.done > answer.begun) return [`${id}: acknowledged before the meta page was durable`];
    return [];
  });
}

/** Descriptors of LMDB's data file: those for pages, and the one opened with O_DSYNC for the meta page. */
function dataFiles(calls: readonly SystemCall[]): { readonly data: Set<string>; readonly synchronous: Set<string> } {
  const data = new Set<string>();
  const synchronous = new Set<string>();
  for (const { name, text, result } of calls) {
    if (name !== 'openat' || !/\.mdb"/.test(text) || /lock\.mdb/.test(text) || !/^\d+/.test(result)) continue;
    const descriptor = /^\d+/.exec(result)?.[0] ?? '';
    data.add(descriptor);
    if (text.includes('O_DSYNC')) synchronous.add(descriptor);
  }
  return { data, synchronous };
}

function descriptorOf({ text }: SystemCall): string {
  return /^\d+/.exec(text)?.[0] ?? '';
}
