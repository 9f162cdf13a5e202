// A script of faults, consumed in its order, one a request; how often each kind was planned and happened.
import { isJsonObject, type JsonObject, numberField, textField } from '../json-value.ts';
import type { CallKind } from './cloud-memory.ts';

export const FAULT_KINDS = [
  'status',
  'code',
  'delay',
  'reset',
  'html',
  'brokenJson',
  'noCode',
  'empty',
  'slowBytes',
  'redirect',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** Only a request of this study meets it. */
  readonly studyId: string | null;
  readonly call: CallKind | null;
  /** HTTP status of `status` (default 500) and `redirect` (default 302). */
  readonly status: number | null;
  /** The vendor's code of `code`. */
  readonly code: number;
  readonly message: string;
  /** Sent as Retry-After with `status`, as it stands: seconds or a date. */
  readonly retryAfter: string | null;
  readonly location: string;
  readonly bytesPerSecond: number;
  /** Waits before the request is processed, and before it is answered. */
  readonly beforeMs: number;
  readonly afterMs: number;
  /** Whether the request is processed before the fault shows. */
  readonly takesEffect: boolean;
}

const SCRIPT_FAULTS_MAX = 100_000;
const WAIT_MS_MAX = 600_000;

export class FaultScript {
  #waiting: Fault[] = [];
  readonly #planned = new Map<FaultKind, number>();
  readonly #happened = new Map<FaultKind, number>();

  get waiting(): readonly Fault[] {
    return this.#waiting;
  }

  /** Adds to the end; false when the script would grow beyond its bound. */
  add(faults: readonly Fault[]): boolean {
    if (this.#waiting.length + faults.length > SCRIPT_FAULTS_MAX) return false;
    for (const fault of faults) count(this.#planned, fault.kind);
    this.#waiting = [...this.#waiting, ...faults];
    return true;
  }

  /** The first fault meant for such a request; it happens now and never again. */
  next(call: CallKind, studyId: string | null): Fault | undefined {
    const index = this.#waiting.findIndex(
      (fault) => (fault.call === null || fault.call === call) && (fault.studyId === null || fault.studyId === studyId),
    );
    if (index < 0) return undefined;
    const [fault] = this.#waiting.splice(index, 1);
    if (fault !== undefined) count(this.#happened, fault.kind);
    return fault;
  }

  clear(): void {
    this.#waiting = [];
    this.#planned.clear();
    this.#happened.clear();
  }

  counts(): JsonObject {
    return {
      planned: Object.fromEntries(this.#planned),
      happened: Object.fromEntries(this.#happened),
      waiting: this.#waiting.length,
    };
  }
}

function count(counts: Map<FaultKind, number>, kind: FaultKind): void {
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
}

/** Reads `{"faults": [{"kind": …, "times": n, …}]}`; a string says what is wrong with it. */
export function readFaults(value: unknown): readonly Fault[] | string {
  const list = isJsonObject(value) ? value['faults'] : undefined;
  if (!Array.isArray(list)) return 'an object with an array "faults" is expected';
  const faults: Fault[] = [];
  for (const [index, item] of list.entries()) {
    const read = readFault(item);
    if (typeof read === 'string') return `faults[${index}]: ${read}`;
    const times = isJsonObject(item) ? (numberField(item, 'times') ?? 1) : 1;
    if (!Number.isInteger(times) || times < 1 || faults.length + times > SCRIPT_FAULTS_MAX) {
      return `faults[${index}]: times is out of bounds`;
    }
    for (let repeat = 0; repeat < times; repeat += 1) faults.push(read);
  }
  return faults;
}

const KEYS: ReadonlySet<string> = new Set([
  ...['kind', 'times', 'studyId', 'call', 'status', 'code', 'message', 'retryAfter', 'location'],
  ...['bytesPerSecond', 'beforeMs', 'afterMs', 'takesEffect'],
]);

function readFault(item: unknown): Fault | string {
  if (!isJsonObject(item)) return 'an object is expected';
  const unknown = Object.keys(item).find((key) => !KEYS.has(key));
  if (unknown !== undefined) return `unknown key; known are ${[...KEYS].join(', ')}`;
  const kind = FAULT_KINDS.find((known) => known === item['kind']);
  if (kind === undefined) return `kind is one of ${FAULT_KINDS.join(', ')}`;
  const calls = ['study', 'report', 'withdrawal'] as const;
  const call = calls.find((known) => known === item['call']) ?? null;
  if (call === null && item['call'] !== undefined) return `call is one of ${calls.join(', ')}`;
  const fault: Fault = {
    kind,
    call,
    studyId: textField(item, 'studyId') ?? null,
    status: numberField(item, 'status') ?? null,
    code: numberField(item, 'code') ?? 1,
    message: textField(item, 'message') ?? 'scripted fault',
    retryAfter: textField(item, 'retryAfter') ?? null,
    location: textField(item, 'location') ?? '/elsewhere',
    bytesPerSecond: numberField(item, 'bytesPerSecond') ?? 1,
    beforeMs: numberField(item, 'beforeMs') ?? 0,
    afterMs: numberField(item, 'afterMs') ?? 0,
    takesEffect: typeof item['takesEffect'] === 'boolean' ? item['takesEffect'] : TAKES_EFFECT.has(kind),
  };
  return boundsBroken(fault) ?? fault;
}

/** These only hinder the answer; the others stand for a request that was not processed, unless told. */
const TAKES_EFFECT: ReadonlySet<FaultKind> = new Set<FaultKind>(['delay', 'slowBytes']);

function boundsBroken(fault: Fault): string | undefined {
  if (fault.status !== null && !(Number.isInteger(fault.status) && fault.status >= 200 && fault.status <= 599)) {
    return 'status is an integer of 200 to 599';
  }
  if (fault.retryAfter !== null && !/^[\x20-\x7e]{1,64}$/.test(fault.retryAfter))
    return 'retryAfter is no header value';
  if (!/^[\x21-\x7e]{1,2000}$/.test(fault.location)) return 'location is no header value';
  if (!Number.isInteger(fault.code)) return 'code is an integer';
  if (!(fault.bytesPerSecond > 0 && fault.bytesPerSecond <= 1_000_000)) return 'bytesPerSecond is out of bounds';
  const waits = [fault.beforeMs, fault.afterMs];
  return waits.every((ms) => ms >= 0 && ms <= WAIT_MS_MAX) ? undefined : `a wait is 0 to ${WAIT_MS_MAX} ms`;
}
