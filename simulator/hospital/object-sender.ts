// What sends the hospital's objects to the bridge, and how it tells what became of each.
import type { DicomObject } from './dicom-object.ts';

/** Two ways are known: C-STORE, and store events over HTTP. */
export interface ObjectSender {
  /** As shown to the user. */
  readonly way: string;
  /**
   * Resolves with what was not taken: index in `objects` and why; empty when all was. Rejects when the bridge could not
   * be reached or the signal aborted; then any of them may have been taken.
   */
  send(objects: readonly DicomObject[], signal: AbortSignal): Promise<readonly RefusedObject[]>;
}

export interface RefusedObject {
  readonly index: number;
  readonly reason: string;
}
