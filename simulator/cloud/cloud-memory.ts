// What the cloud knows: the final state a study, and every request in its order of arrival. In memory, bounded.
import type { JsonObject } from '../json-value.ts';

export type CallKind = 'study' | 'report' | 'withdrawal';

/** One call as it was received and answered. */
export interface RequestRecord {
  /** From 1, without gaps; goes on after a restart with a folder. */
  readonly sequence: number;
  readonly receivedAtMs: number;
  readonly call: CallKind;
  readonly studyId: string | null;
  readonly reportId: string | null;
  readonly requestId: string | null;
  /** SHA-256 of the body's bytes, lower-case hex. */
  readonly bodyHash: string;
  readonly bodyBytes: number;
  /** The body, where it is a JSON object of at most `KEPT_BODY_BYTES_MAX` bytes. */
  readonly body: JsonObject | null;
  /** The vendor's code, or null where a fault gave no such answer. */
  readonly code: number | null;
  readonly httpStatus: number | null;
  /** The kind of the scripted fault that met this request. */
  readonly fault: string | null;
  /** Whether the final state holds what this request brought. */
  readonly tookEffect: boolean;
  /** duplicate: an earlier request had this id and these bytes. conflict: this id and other bytes. */
  readonly repeats: 'duplicate' | 'conflict' | null;
}

export interface StudyRecord {
  readonly studyId: string;
  readonly body: JsonObject;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** How many uploads took effect. */
  readonly uploads: number;
  readonly reports: Readonly<Record<string, ReportRecord>>;
}

export interface ReportRecord {
  readonly reportId: string;
  /** As received, without the PDF's bytes. */
  readonly body: JsonObject;
  readonly pdf: { readonly sha256: string; readonly bytes: number } | null;
  readonly lastAtMs: number;
  readonly uploads: number;
}

/** One change, as memory takes it and as the journal keeps it. */
export type CloudChange =
  | { readonly type: 'study'; readonly study: StudyRecord }
  | { readonly type: 'withdrawn'; readonly studyId: string }
  | { readonly type: 'request'; readonly request: RequestRecord };

const STUDIES_MAX = 100_000;
const REQUESTS_MAX = 20_000;
export const KEPT_BODY_BYTES_MAX = 16_384;
const KEPT_BODIES_BYTES_MAX = 64 * 1024 * 1024;

export class CloudMemory {
  readonly #studies = new Map<string, StudyRecord>();
  readonly #withdrawn = new Set<string>();
  readonly #requests: RequestRecord[] = [];
  /** Body hash of each request id among the kept requests. */
  readonly #hashOfRequestId = new Map<string, string>();
  #keptBodyBytes = 0;
  #lastSequence = 0;

  get lastSequence(): number {
    return this.#lastSequence;
  }

  get full(): boolean {
    return this.#studies.size >= STUDIES_MAX;
  }

  study(studyId: string): StudyRecord | undefined {
    return this.#studies.get(studyId);
  }

  studies(): IterableIterator<StudyRecord> {
    return this.#studies.values();
  }

  withdrawn(): readonly string[] {
    return [...this.#withdrawn];
  }

  /** The kept requests after that sequence, oldest first. */
  requestsAfter(sequence: number): readonly RequestRecord[] {
    return this.#requests.filter((request) => request.sequence > sequence);
  }

  repeats(requestId: string | null, bodyHash: string): RequestRecord['repeats'] {
    if (requestId === null) return null;
    const earlier = this.#hashOfRequestId.get(requestId);
    if (earlier === undefined) return null;
    return earlier === bodyHash ? 'duplicate' : 'conflict';
  }

  apply(change: CloudChange): void {
    switch (change.type) {
      case 'study':
        this.#studies.set(change.study.studyId, change.study);
        this.#withdrawn.delete(change.study.studyId);
        return;
      case 'withdrawn':
        this.#studies.delete(change.studyId);
        this.#withdrawn.add(change.studyId);
        return;
      case 'request':
        this.#keep(change.request);
        return;
    }
  }

  clear(): void {
    this.#studies.clear();
    this.#withdrawn.clear();
    this.#requests.length = 0;
    this.#hashOfRequestId.clear();
    this.#keptBodyBytes = 0;
  }

  /** The changes that make an empty memory equal to this one. */
  *changes(): Generator<CloudChange> {
    for (const study of this.#studies.values()) yield { type: 'study', study };
    for (const studyId of this.#withdrawn) yield { type: 'withdrawn', studyId };
    for (const request of this.#requests) yield { type: 'request', request };
  }

  #keep(request: RequestRecord): void {
    this.#lastSequence = Math.max(this.#lastSequence, request.sequence);
    this.#requests.push(request);
    this.#keptBodyBytes += keptBytes(request);
    if (request.requestId !== null && !this.#hashOfRequestId.has(request.requestId)) {
      this.#hashOfRequestId.set(request.requestId, request.bodyHash);
    }
    while (this.#requests.length > REQUESTS_MAX || this.#keptBodyBytes > KEPT_BODIES_BYTES_MAX) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const oldest = this.#requests.shift();
    if (oldest === undefined) return;
    this.#keptBodyBytes -= keptBytes(oldest);
    if (oldest.requestId !== null) this.#hashOfRequestId.delete(oldest.requestId);
  }
}

function keptBytes(request: RequestRecord): number {
  return request.body === null ? 0 : request.bodyBytes;
}

/** How often each value occurs, for a summary. */
export function countBy<T>(values: Iterable<T>, name: (value: T) => string | null): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const value of values) {
    const key = name(value);
    if (key !== null) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return Object.fromEntries(counts);
}
