// The durable queue of the cloud sink: what stands in its state, and how it becomes bytes.
import { bytesCodec, jsonCodec, presenceCodec } from '../../runtime/contracts/state-codecs.ts';
import type { ReadonlyState, State, StateCodec } from '../../runtime/contracts/task.ts';
import type { FailureCode } from '../../schemas/failure-codes.ts';
import type { CloudRequestKind } from '../../schemas/records.ts';

/**
 * Keys: `site/…`, by store.
 * - sites: `site/`. lanes, flights, parked: `site/study`. due: `site/milliseconds/study`, so that a range is in order of time.
 * - requests: `site/study/kind/revision/report`. documents, documentBytes: `site/hash`.
 * - references: `site/hash/study/revision/report`. byHand: `site/study/report`.
 */
export type CloudSinkState = {
  sites: SiteState;
  lanes: Lane;
  due: true;
  flights: Flight;
  parked: Parked;
  requests: StoredRequest;
  documents: Uint8Array;
  documentBytes: number;
  references: Reference;
  byHand: ByHand;
};
export type CloudState = State<CloudSinkState>;
export type CloudView = ReadonlyState<CloudSinkState>;

/** A site as a whole: whether it may send, and how much waits. */
export interface SiteState {
  readonly breaker: Breaker | null;
  /** Failures in a row that concern the way to the cloud, not one study. */
  readonly failures: number;
  readonly pausedUntilMs: number;
  /** After a pause one request tries for all. */
  readonly trying: boolean;
  /** Requests that wait to be sent. */
  readonly waiting: number;
  /** Of those: at least one attempt has failed. */
  readonly retrying: number;
}

/** The cloud refuses the site's credentials. */
export interface Breaker {
  readonly failureCode: FailureCode;
  readonly cloudCode: number | null;
  readonly openedAtMs: number;
  readonly nextProbeAtMs: number;
}

/** One study: the unit of order. */
export interface Lane {
  readonly site: string;
  readonly studyKey: string;
  /** In the order in which they are sent. */
  readonly waiting: readonly Waiting[];
  readonly slots: readonly Slot[];
  readonly unsure: readonly Unsure[];
  /** Failed attempts in a row. */
  readonly failures: number;
  /** The cloud has the study, so that its reports can go. */
  readonly studyPresent: boolean;
  /** Its place in `due`; null: nothing can be sent. */
  readonly dueMs: number | null;
  readonly parked: Parked | null;
}

/** A study, one report or one withdrawal: what a newer revision replaces. */
export interface SlotName {
  readonly kind: CloudRequestKind;
  readonly reportId: string | null;
}

export interface Slot extends SlotName {
  /** The newest read. */
  readonly revision: number;
  readonly delivered: { readonly revision: number; readonly contentHash: string } | null;
}

export interface Waiting extends SlotName {
  readonly revision: number;
  readonly cloudStudyId: string;
  readonly contentHash: string;
  readonly requestId: string;
  readonly originAtMs: number;
  readonly trace: string;
  /** Position of the record it was read from. */
  readonly causation: string;
  readonly waitingSinceMs: number;
  readonly documentHashes: readonly string[];
  readonly missingDocuments: readonly string[];
  readonly documentBytes: number;
  readonly dueMs: number;
  readonly attempts: number;
  readonly firstAttemptAtMs: number | null;
  readonly lastAttemptAtMs: number | null;
  /** An earlier attempt with this body may have arrived. */
  readonly mayHaveArrived: boolean;
  readonly slowSinceMs: number | null;
  /** The study has already been sent again for this one. */
  readonly studySentFirst: boolean;
  /** Has its outcome already and is sent once more. */
  readonly repeat: boolean;
}

/** An attempt without a known end: its request may reach the cloud's data later than a newer one. */
export interface Unsure extends SlotName {
  readonly requestId: string;
  /** A newer request waits until then. */
  readonly holdUntilMs: number;
  /** A newer request sent before then is sent once more at that time. */
  readonly landsUntilMs: number;
}

/** An attempt that has begun and has no known end. */
export interface Flight {
  readonly requestId: string;
  readonly requestKey: string;
  readonly kind: CloudRequestKind;
  readonly beganAtMs: number;
  readonly documentBytes: number;
}

export interface Parked {
  readonly failureCode: FailureCode;
  readonly cloudCode: number | null;
  readonly cloudStudyId: string;
  readonly requestId: string;
  readonly atMs: number;
}

export interface ByHand {
  readonly cloudStudyId: string;
  readonly reportId: string | null;
  readonly atMs: number;
}

/** A request as it was read, with what its dead letter and its delivery need. */
export interface StoredRequest {
  readonly key: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly trace: string;
  readonly bytes: Uint8Array;
}

/** A waiting report that needs a document. */
export interface Reference {
  readonly studyKey: string;
}

export const CLOUD_STORES: { readonly [K in keyof CloudSinkState]: StateCodec<CloudSinkState[K]> } = {
  sites: jsonCodec(),
  lanes: jsonCodec(),
  due: presenceCodec,
  flights: jsonCodec(),
  parked: jsonCodec(),
  requests: storedRequestCodec(),
  documents: bytesCodec,
  documentBytes: jsonCodec(),
  references: jsonCodec(),
  byHand: jsonCodec(),
};

export const NEW_SITE: SiteState = {
  breaker: null,
  failures: 0,
  pausedUntilMs: 0,
  trying: false,
  waiting: 0,
  retrying: 0,
};

export function newLane(site: string, studyKey: string): Lane {
  return {
    site,
    studyKey,
    waiting: [],
    slots: [],
    unsure: [],
    failures: 0,
    studyPresent: false,
    dueMs: null,
    parked: null,
  };
}

export const siteKey = (site: string): string => `${site}/`;
export const laneKey = (site: string, studyKey: string): string => `${site}/${studyKey}`;

export function requestKey(site: string, studyKey: string, request: SlotName & { readonly revision: number }): string {
  return `${site}/${studyKey}/${request.kind}/${request.revision}/${request.reportId ?? ''}`;
}

const DUE_DIGITS = 15;

export function dueKey(site: string, dueMs: number, studyKey: string): string {
  return `${site}/${String(Math.max(0, Math.ceil(dueMs))).padStart(DUE_DIGITS, '0')}/${studyKey}`;
}

export function parseDueKey(site: string, key: string): { readonly dueMs: number; readonly studyKey: string } {
  const at = site.length + 1;
  return { dueMs: Number(key.slice(at, at + DUE_DIGITS)), studyKey: key.slice(at + DUE_DIGITS + 1) };
}

export function sameSlot(a: SlotName, b: SlotName): boolean {
  return a.kind === b.kind && a.reportId === b.reportId;
}

/** A length, the fields as JSON, and the record's bytes as they are. */
function storedRequestCodec(): StateCodec<StoredRequest> {
  return {
    encode: ({ bytes, ...fields }) => {
      const head = Buffer.from(JSON.stringify(fields), 'utf8');
      const whole = Buffer.allocUnsafeSlow(4 + head.length + bytes.length);
      whole.writeUInt32BE(head.length, 0);
      head.copy(whole, 4);
      whole.set(bytes, 4 + head.length);
      return whole;
    },
    decode: (encoded) => {
      const whole = Buffer.from(encoded);
      const end = 4 + whole.readUInt32BE(0);
      return { ...JSON.parse(whole.toString('utf8', 4, end)), bytes: whole.subarray(end) };
    },
  };
}
