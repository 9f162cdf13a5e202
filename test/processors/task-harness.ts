// Runs one task on stores of Maps: batches of records, timers on a clock that the test moves, all outputs collected.
import type { RecordCodec } from '../../codecs/avro/record-codec.ts';
import type { StoredRecord } from '../../runtime/contracts/record-log.ts';
import type {
  State,
  StateCodec,
  StateSchema,
  StateStore,
  TaskContext,
  TaskDefinition,
} from '../../runtime/contracts/task.ts';
import type { Failure } from '../../schemas/failure.ts';
import type { Entry } from '../../schemas/record-entry.ts';
import type { TopicName, TopicRecords } from '../../schemas/records.ts';

export interface TaskHarness<S extends StateSchema, Report> {
  nowMs: number;
  /** All that was emitted since the beginning. */
  readonly emitted: readonly Entry[];
  readonly rejected: readonly { readonly record: StoredRecord; readonly failure: Failure }[];
  readonly state: State<S>;
  /** Due times of the waiting timers, by key. */
  readonly timers: ReadonlyMap<string, number>;
  /** Processes the records as one batch with one commit; returns what this batch emitted. */
  batch(records: readonly StoredRecord[]): readonly Entry[];
  /** One batch a record. */
  each(records: readonly StoredRecord[]): readonly Entry[];
  settle(report: Report): readonly Entry[];
  /** Moves the clock and fires what came due, in order of due times, one batch each. */
  advance(durationMs: number): readonly Entry[];
  /** Drops every value that is held and reads the state from its bytes, as a restart does. */
  restart(): void;
}

export function taskHarness<S extends StateSchema, Report>(
  definition: TaskDefinition<S, Report>,
  nowMs = 1_800_000_000_000,
): TaskHarness<S, Report> {
  const stores = storesOf(definition);
  const emitted: Entry[] = [];
  const rejected: { record: StoredRecord; failure: Failure }[] = [];
  const timers = new Map<string, number>();
  let touched = new Set<string>();

  const context = (): TaskContext<S> => ({
    nowMs: harness.nowMs,
    state: stores.state,
    timers: {
      schedule: (key, dueMs) => void timers.set(key, dueMs),
      cancel: (key) => void timers.delete(key),
    },
    touch: (key) => void touched.add(key),
    emit: (entry) => {
      if (!definition.outputs.some((topic) => topic === entry.topic))
        throw new TypeError(`not an output: ${entry.topic}`);
      emitted.push(entry);
    },
    reject: (record, failure) => void rejected.push({ record, failure }),
  });
  const commit = (work: (context: TaskContext<S>) => void): readonly Entry[] => {
    const before = emitted.length;
    touched = new Set();
    const current = context();
    work(current);
    for (const key of touched) definition.conclude?.(key, current);
    return emitted.slice(before);
  };
  const harness: TaskHarness<S, Report> = {
    nowMs,
    emitted,
    rejected,
    state: stores.state,
    timers,
    batch: (records) =>
      commit((current) => {
        for (const record of records) definition.process(record, current);
      }),
    each: (records) => records.flatMap((record) => harness.batch([record])),
    settle: (report) => commit((current) => definition.settle?.(report, current)),
    advance: (durationMs) => {
      const before = emitted.length;
      const endMs = harness.nowMs + durationMs;
      for (;;) {
        const next = [...timers].filter(([, dueMs]) => dueMs <= endMs).sort((a, b) => a[1] - b[1])[0];
        if (next === undefined) break;
        timers.delete(next[0]);
        harness.nowMs = Math.max(harness.nowMs, next[1]);
        commit((current) => definition.wake?.(next[0], current));
      }
      harness.nowMs = endMs;
      return emitted.slice(before);
    },
    restart: () => stores.forget(),
  };
  return harness;
}

/** Makes stored records of one topic, with offsets that grow. */
export function recordMaker(codec: RecordCodec) {
  let offset = 0n;
  return <Name extends TopicName>(
    topic: Name,
    record: TopicRecords[Name],
    trace = '00000000000000aa',
  ): StoredRecord => {
    const entry = codec.entry(topic, record, { trace });
    offset += 1n;
    return { ...entry, position: { topic, partition: 0, offset }, appendedAtMs: 1_800_000_000_000 };
  };
}

/** The record an entry carries; throws when it cannot be read, since then the task wrote it wrongly. */
export function decoded<Name extends TopicName>(codec: RecordCodec, topic: Name, entry: Entry): TopicRecords[Name] {
  const record = codec.decode(topic, entry.value ?? new Uint8Array());
  if (!record.ok) throw new TypeError(record.failure.code);
  return record.value;
}

interface Stores<S extends StateSchema> {
  readonly state: State<S>;
  forget(): void;
}

function storesOf<S extends StateSchema, Report>(definition: TaskDefinition<S, Report>): Stores<S> {
  const forgetters: (() => void)[] = [];
  const state: { -readonly [K in keyof S]: StateStore<S[K]> } = Object.create(null);
  for (const name in definition.stores) {
    const { store, forget } = mapStore(definition.stores[name]);
    forgetters.push(forget);
    state[name] = store;
  }
  return {
    state,
    forget: () => {
      for (const forget of forgetters) forget();
    },
  };
}

/** Values pass through their codec on each set, so that a codec that loses something is seen. */
function mapStore<V>(codec: StateCodec<V>): { readonly store: StateStore<V>; readonly forget: () => void } {
  const bytes = new Map<string, Uint8Array>();
  let values = new Map<string, V>();
  const get = (key: string): V | undefined => {
    const held = values.get(key);
    if (held !== undefined) return held;
    const stored = bytes.get(key);
    if (stored === undefined) return undefined;
    const value = codec.decode(stored);
    values.set(key, value);
    return value;
  };
  const store: StateStore<V> = {
    get,
    range: function* (prefix) {
      const keys = [...bytes.keys()].filter((key) => key.startsWith(prefix));
      keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      for (const key of keys) {
        const value = get(key);
        if (value !== undefined) yield [key, value];
      }
    },
    set: (key, value) => {
      if (Buffer.byteLength(key) > 1900) throw new RangeError('a key of more than 1,900 bytes');
      bytes.set(key, Uint8Array.from(codec.encode(value)));
      values.delete(key);
    },
    delete: (key) => {
      bytes.delete(key);
      values.delete(key);
    },
  };
  return {
    store,
    forget: () => {
      values = new Map();
    },
  };
}
