/**
 * `POST /v1/store-events`: a PACS tells over HTTP which instances it has stored or deleted.
 *
 * The body is a JSON array of instances in the DICOM JSON model (PS3.18 annex F). Beside its tags an instance may have
 * two members of ours, which no tag can collide with:
 *
 *     "studybridge:event": "stored" (the default) or "deleted"
 *     "studybridge:order": 17        the sender's own number of the event, a whole number that only grows
 *
 * A deletion needs the order: without it nobody can tell a deletion from a store that came later. It needs the three
 * UIDs, not the class. A store may have an order; a sender that deletes should give one to every event.
 *
 * Answers: 202 `{ accepted }` after all events are durable; 400 `{ faults: [{ index, tag, expectation }] }`, all faults
 * together; 403 when no rule gives a site; 413 above a limit; 503 with Retry-After when the log did not take the events
 * in time. Nothing of a refused body is recorded, except that after 503 some of it may be: sending it again is right.
 */
import type { RecordCodec } from '../../codecs/avro/record-codec.ts';
import {
  isJsonObject,
  type JsonFault,
  type JsonReading,
  memberOf,
  readJsonInstance,
  readJsonUids,
} from '../../codecs/dicom/dicom-json.ts';
import type { Clock } from '../../runtime/contracts/clock.ts';
import type { Entry, RecordLog } from '../../runtime/contracts/record-log.ts';
import type { Telemetry } from '../../runtime/contracts/telemetry.ts';
import type { DicomInstance } from '../../schemas/records.ts';
import type { Route } from './store-scp-options.ts';
import { append } from './timely-append.ts';
import { traceId } from './trace-id.ts';

export interface StoreEventsPeer {
  /** As the request names it. */
  readonly source?: string;
  readonly remoteAddress: string;
  /** (0008,0080) of the instance. */
  readonly institution?: string;
}

export interface StoreEventsOptions {
  readonly log: Pick<RecordLog, 'append'>;
  readonly codec: RecordCodec;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly route: (peer: StoreEventsPeer) => Route | undefined;
  readonly limits?: Partial<StoreEventsLimits>;
}

export interface StoreEventsLimits {
  readonly bodyBytesMax: number;
  readonly eventsMax: number;
  /** Named in one answer. */
  readonly faultsMax: number;
  readonly appendDeadlineMs: number;
  readonly retryAfterSeconds: number;
}

export interface StoreEventsRequest {
  readonly body: Uint8Array;
  readonly source?: string;
  readonly remoteAddress: string;
}

export interface StoreEventsAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
}

export interface StoreEvents {
  handle(request: StoreEventsRequest, signal: AbortSignal): Promise<StoreEventsAnswer>;
}

export const STORE_EVENTS_LIMITS: StoreEventsLimits = {
  bodyBytesMax: 4 * 1024 * 1024,
  eventsMax: 5000,
  faultsMax: 1000,
  appendDeadlineMs: 10_000,
  retryAfterSeconds: 5,
};

const EVENT = 'studybridge:event';
const ORDER = 'studybridge:order';
const ENTRIES_PER_APPEND = 500;

type EventFault = JsonFault & { readonly index: number };
type InstanceContent = Omit<DicomInstance, 'site' | 'source' | 'receivedAtMs' | 'via' | 'callingAeTitle'>;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

export function createStoreEvents(options: StoreEventsOptions): StoreEvents {
  const limits = { ...STORE_EVENTS_LIMITS, ...options.limits };
  return { handle: (request, signal) => handle(request, signal, options, limits) };
}

async function handle(
  request: StoreEventsRequest,
  signal: AbortSignal,
  options: StoreEventsOptions,
  limits: StoreEventsLimits,
): Promise<StoreEventsAnswer> {
  if (request.body.length > limits.bodyBytesMax) {
    return refused(options, 413, 1, { error: `a body has at most ${limits.bodyBytesMax} bytes` });
  }
  const events = parsedArray(request.body);
  if (events === undefined) return refused(options, 400, 1, { faults: [NO_ARRAY] });
  if (events.length > limits.eventsMax) {
    return refused(options, 413, 1, { error: `a request has at most ${limits.eventsMax} events` });
  }
  const readings = readAll(events);
  if (!readings.ok) {
    const faults = readings.faults.slice(0, limits.faultsMax);
    return refused(options, 400, readings.faults.length, { faults, faultCount: readings.faults.length });
  }
  const entries: Entry[] = [];
  let source = '';
  for (const content of readings.value) {
    const route = options.route(peerOf(request, content));
    if (route === undefined) return refused(options, 403, 1, { error: 'no rule gives a site for this sender' });
    source = route.source;
    entries.push(entryOf(content, route, options));
  }
  if (!(await appendAll(entries, signal, options, limits))) {
    const headers = { 'retry-after': String(limits.retryAfterSeconds) };
    return {
      ...refused(options, 503, 0, { error: 'the log did not take the events in time; send them again' }),
      headers,
    };
  }
  // Invariant 1: every append has resolved.
  if (entries.length > 0) options.telemetry.record('dicom.store_events_recorded', { source, count: entries.length });
  return { status: 202, body: { accepted: entries.length } };
}

const NO_ARRAY: EventFault = { index: -1, tag: '', expectation: 'a JSON array in UTF-8, one object an event' };

function refused(options: StoreEventsOptions, status: number, faults: number, body: unknown): StoreEventsAnswer {
  options.telemetry.record('dicom.store_events_refused', { status, faults });
  return { status, body };
}

function parsedArray(body: Uint8Array): readonly unknown[] | undefined {
  try {
    const parsed: unknown = JSON.parse(strictUtf8.decode(body));
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    // The message of a syntax error quotes the text; the fault says what was expected instead.
    return undefined;
  }
}

function readAll(
  events: readonly unknown[],
):
  | { readonly ok: true; readonly value: readonly InstanceContent[] }
  | { readonly ok: false; readonly faults: readonly EventFault[] } {
  const contents: InstanceContent[] = [];
  const faults: EventFault[] = [];
  for (const [index, event] of events.entries()) {
    const reading = readEvent(event);
    if (reading.ok) contents.push(reading.value);
    else for (const fault of reading.faults) faults.push({ index, ...fault });
  }
  return faults.length === 0 ? { ok: true, value: contents } : { ok: false, faults };
}

function readEvent(event: unknown): JsonReading<InstanceContent> {
  const kind = isJsonObject(event) ? (memberOf(event, EVENT) ?? 'stored') : 'stored';
  const order = isJsonObject(event) ? memberOf(event, ORDER) : undefined;
  const faults: JsonFault[] = [];
  if (kind !== 'stored' && kind !== 'deleted') faults.push({ tag: EVENT, expectation: '"stored" or "deleted"' });
  const isOrder = typeof order === 'number' && Number.isSafeInteger(order) && order >= 0;
  if ((order !== undefined || kind === 'deleted') && !isOrder) {
    faults.push({ tag: ORDER, expectation: 'a whole number from 0; a deletion needs it' });
  }
  const sourceOrder = isOrder ? order : null;
  const content = kind === 'deleted' ? readDeletion(event, sourceOrder) : readStore(event, sourceOrder);
  if (content.ok && faults.length === 0) return content;
  return { ok: false, faults: content.ok ? faults : [...faults, ...content.faults] };
}

function readStore(event: unknown, sourceOrder: number | null): JsonReading<InstanceContent> {
  const header = readJsonInstance(event);
  if (!header.ok) return header;
  return { ok: true, value: { ...header.value, event: 'stored', sourceOrder, transferSyntaxUid: null } };
}

function readDeletion(event: unknown, sourceOrder: number | null): JsonReading<InstanceContent> {
  const uids = readJsonUids(event);
  if (!uids.ok) return uids;
  const sopClassUid = uids.value.sopClassUid ?? '';
  return {
    ok: true,
    value: { ...uids.value, sopClassUid, event: 'deleted', sourceOrder, transferSyntaxUid: null, attributes: null },
  };
}

function peerOf(request: StoreEventsRequest, content: InstanceContent): StoreEventsPeer {
  const institution = content.attributes?.study.institutionName ?? undefined;
  return {
    remoteAddress: request.remoteAddress,
    ...(request.source === undefined ? {} : { source: request.source }),
    ...(institution === undefined ? {} : { institution }),
  };
}

function entryOf(content: InstanceContent, route: Route, { codec, clock }: StoreEventsOptions): Entry {
  return codec.entry(
    'dicom.instances',
    {
      ...content,
      site: route.site,
      source: route.source,
      receivedAtMs: clock.nowMs(),
      via: 'store_event',
      callingAeTitle: null,
    },
    { trace: traceId() },
  );
}

/** Whether all entries are durable before the deadline. */
async function appendAll(
  entries: readonly Entry[],
  signal: AbortSignal,
  options: StoreEventsOptions,
  limits: StoreEventsLimits,
): Promise<boolean> {
  const over = new AbortController();
  const both = AbortSignal.any([signal, over.signal]);
  const tooLate = options.clock.sleep(limits.appendDeadlineMs, both).then(
    () => false,
    // The sleep is broken off when the appends have ended, or the request has.
    () => false,
  );
  const appended = appendSlices(entries, both, options).catch(() => false);
  // The log may never answer; the sender is answered none the less.
  const durable = await Promise.race([appended, tooLate]);
  over.abort();
  return durable;
}

async function appendSlices(
  entries: readonly Entry[],
  signal: AbortSignal,
  options: StoreEventsOptions,
): Promise<boolean> {
  for (let at = 0; at < entries.length; at += ENTRIES_PER_APPEND) {
    if (!(await append(options, entries.slice(at, at + ENTRIES_PER_APPEND), signal))) return false;
  }
  return true;
}
