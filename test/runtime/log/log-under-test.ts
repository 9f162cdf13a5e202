// What the contract suites need of a log, and small entries to put into it.
import type { RecordLog } from '../../../runtime/contracts/record-log.ts';
import type { TaskDefinition } from '../../../runtime/contracts/task.ts';
import type { Entry } from '../../../schemas/record-entry.ts';
import type { TopicName } from '../../../schemas/records.ts';
import { TOPICS } from '../../../schemas/topics.ts';
import type { ManualClock } from './manual-clock.ts';

export interface LogUnderTest {
  readonly log: RecordLog;
  readonly clock: ManualClock;
  /** Errors that would have ended the process. */
  readonly fatal: Error[];
  close(): Promise<void>;
}

export type OpenLog = () => Promise<LogUnderTest>;

export const signal = new AbortController().signal;

export function entry(topic: TopicName, key: string, value: string | null): Entry {
  const site = key.split('/')[0] ?? '';
  return {
    topic,
    key,
    partitionKey: TOPICS[topic].partitionBy === 'site' ? site : key,
    value: value === null ? null : Buffer.from(value),
    headers: new Map([
      ['site', site],
      ['trace', '0123456789abcdef'],
    ]),
  };
}

export function text(value: Uint8Array | null): string {
  return value === null ? '(null)' : Buffer.from(value).toString();
}

/** Resolves when the condition holds; no time of the manual clock passes meanwhile. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const giveUpAt = performance.now() + 50_000;
  for (let look = 0; !(await condition()); look += 1) {
    if (performance.now() > giveUpAt) throw new Error(`it never came about that ${what}`);
    // After some turns the processor is left to others: child processes may be what is waited for.
    await new Promise<void>((resolve) => (look < 100 ? setImmediate(resolve) : setTimeout(resolve, 2)));
  }
}

/** Resolves when every task named has read all of its inputs. */
export async function untilRead(log: RecordLog, ...tasks: readonly string[]): Promise<void> {
  const read = async (): Promise<boolean> => {
    const description = await log.describe(signal);
    return description.tasks
      .filter(({ task }) => tasks.includes(task))
      .every(({ inputs }) => inputs.every(({ position, end }) => position >= end));
  };
  await until(read, `${tasks.join(', ')} have read everything`);
}

export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

export async function collect(log: RecordLog, topic: TopicName): Promise<readonly (readonly [string, string])[]> {
  const rows: (readonly [string, string])[] = [];
  for await (const chunk of log.scan(topic, {}, signal)) {
    for (const record of chunk) rows.push([record.key, text(record.value)]);
  }
  return rows;
}

/** The values of one key, in order. */
export async function valuesOf(log: RecordLog, topic: TopicName, key: string): Promise<readonly string[]> {
  return (await collect(log, topic)).filter(([found]) => found === key).map(([, value]) => value);
}

// biome-ignore lint/complexity/noBannedTypes: a definition without stores has a schema without names.
type NoStores = {};

/** A task that does nothing but what is given. */
export function task<Report = never>(
  parts: Partial<TaskDefinition<NoStores, Report>> & { readonly name: string },
): TaskDefinition<NoStores, Report> {
  return { inputs: ['hl7.messages'], outputs: ['studies'], stores: {}, process: () => {}, ...parts };
}
