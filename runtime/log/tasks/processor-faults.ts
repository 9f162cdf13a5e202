/**
 * What becomes of an exception that a processor throws: a fault of the program, on data that is already accepted.
 *
 * 1. The batch is forgotten: nothing half done is ever committed.
 * 2. The items of the batch are then processed one a commit, so that the fault is known to belong to one item.
 * 3. The item that throws alone is noted durably with the count of its attempts, and the process ends with an ERROR
 *    fact. Started again, it comes to the same item.
 * 4. At the third attempt the item is set aside in `dead.letters` with `task.processor_failed` (invariant 3), and the
 *    rest goes on: one record must not keep a hospital's studies waiting for a release.
 *
 * A report of the task's effects is not durable: its fault ends the process, and the effects begin anew.
 */
import { positionText } from '../../../schemas/record-entry.ts';
import { jsonCodec } from '../../contracts/state-codecs.ts';
import type { CommittedStores } from '../../state/committed-store.ts';
import type { BatchItem } from './task-batch.ts';
import { OWN_STORES, type StateChange } from './task-storage.ts';

export const ATTEMPTS_MAX = 3;

interface NotedFault {
  readonly item: string;
  readonly attempts: number;
}

const FAULT = jsonCodec<NotedFault>();
const KEY = 'item';

/** The program is wrong: ends the process. The message names no data. */
export class ProcessorFault extends Error {
  readonly task: string;
  constructor(task: string, options: ErrorOptions) {
    super(`a processor of task ${task} ended with an exception`, options);
    this.name = 'ProcessorFault';
    this.task = task;
  }
}

/** Attempts so far, this one included; 0 for a report, which is not counted. */
export function attemptsOf<Report>(item: BatchItem<Report>, stores: CommittedStores): number {
  const name = itemName(item);
  if (name === undefined) return 0;
  const bytes = stores(OWN_STORES.faults).get(KEY);
  const noted = bytes === undefined ? undefined : FAULT.decode(bytes);
  return noted?.item === name ? noted.attempts + 1 : 1;
}

export function faultNoted<Report>(item: BatchItem<Report>, attempts: number): StateChange {
  const bytes = FAULT.encode({ item: itemName(item) ?? '', attempts });
  return { store: OWN_STORES.faults, key: KEY, bytes };
}

export function faultCleared(): StateChange {
  return { store: OWN_STORES.faults, key: KEY, bytes: undefined };
}

/** Where it was thrown: the error's class and its innermost frame. Its message may quote data (invariant 8). */
export function faultPlace(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const head = `${error.name}: ${error.message}`;
  const stack = error.stack ?? '';
  const frame = stack.startsWith(head) ? stack.slice(head.length).trim().split('\n')[0] : undefined;
  return frame === undefined ? error.constructor.name : `${error.constructor.name} ${frame}`;
}

function itemName<Report>(item: BatchItem<Report>): string | undefined {
  if (item.kind === 'record') return positionText(item.record.position);
  return item.kind === 'timer' ? `timer/${item.timer.key}` : undefined;
}
