/**
 * Mends the timer of kafkajs' request queue.
 *
 * `scheduleCheckPendingRequests` arms a timer after every answer even when nothing is pending, with the delay
 * `throttledUntil - now`: without throttling a large negative number. Node takes it for 1 ms, so every connection wakes
 * the process hundreds of times a second for ever, and Node 24 warns (TimeoutNegativeWarning). With nothing pending there
 * is nothing to check; with something pending the delay is never negative. So the original runs only while something is
 * pending.
 */
import { RequestQueue } from './kafkajs-internals.ts';

const METHOD = 'scheduleCheckPendingRequests';
const mended = new WeakSet<object>();

export function mendRequestQueueTimer(): void {
  const { prototype } = RequestQueue;
  if (mended.has(prototype)) return;
  const original: unknown = Reflect.get(prototype, METHOD);
  if (typeof original !== 'function') throw new TypeError('this version of kafkajs has another request queue');
  Reflect.set(prototype, METHOD, function scheduleWhilePending(this: { readonly pending: readonly unknown[] }): void {
    if (this.pending.length > 0) Reflect.apply(original, this, []);
  });
  mended.add(prototype);
}
