// Tells the bridge of stored objects by POST /v1/store-events, for a machine without the DICOM library.
import { dicomJson } from './dicom-data-set.ts';
import type { ObjectSender } from './object-sender.ts';

const TIMEOUT_MS = 30_000;

/** `bridgeUrl` is the bridge's HTTP address, without a path. */
export function createStoreEventSender(bridgeUrl: string): ObjectSender {
  return {
    way: 'store events over HTTP',
    async send(objects, signal) {
      const response = await fetch(new URL('/v1/store-events', bridgeUrl), {
        method: 'POST',
        headers: { 'content-type': 'application/dicom+json' },
        body: JSON.stringify(objects.map((object) => dicomJson(object.elements))),
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await response.arrayBuffer();
      if (response.status === 202) return [];
      return objects.map((_, index) => ({ index, reason: `HTTP ${response.status}` }));
    },
  };
}
