/**
 * Sends objects by C-STORE, one association a call, with dcmjs-dimse: a peer that shares no code with the bridge.
 *
 * The library would write each data set anew, always as UTF-8; here it carries the bytes as the hospital made them, in the
 * charset that they declare. It is an optional dependency, loaded on first use.
 */
import { Socket } from 'node:net';
import type { Dataset, requests } from 'dcmjs-dimse';
import { EXPLICIT_LITTLE_ENDIAN } from './dicom-data-set.ts';
import { type DicomObject, objectBytes } from './dicom-object.ts';
import type { ObjectSender, RefusedObject } from './object-sender.ts';

export interface DicomDestination {
  readonly host: string;
  readonly port: number;
  readonly calledAeTitle: string;
}

const CALLING_AE_TITLE = 'STUDYBRIDGE_SIM';
const TIMEOUT_MS = 30_000;

type Library = typeof import('dcmjs-dimse');
type StoreRequest = InstanceType<typeof requests.CStoreRequest>;

/** Undefined when the library is not installed here. */
export async function createStoreSender(destination: DicomDestination): Promise<ObjectSender | undefined> {
  const library = await loadLibrary();
  if (library === undefined) return undefined;
  return {
    way: 'C-STORE',
    send: (objects, signal) => sendOverAssociation(library, destination, objects, signal),
  };
}

async function loadLibrary(): Promise<Library | undefined> {
  try {
    const loaded = await import('dcmjs-dimse');
    // A CommonJS module: all of it is the default export.
    const library: Library = loaded.default;
    library.log.setLevel('silent');
    return library;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw cause;
  }
}

async function sendOverAssociation(
  library: Library,
  destination: DicomDestination,
  objects: readonly DicomObject[],
  signal: AbortSignal,
): Promise<readonly RefusedObject[]> {
  signal.throwIfAborted();
  if (objects.length === 0) return [];
  const statuses = new Map<number, number>();
  const dataSets = objects.map((object) => carryBytes(library, object));
  const client = new library.Client();
  const requestOf = dataSets.map((dataSet, index) => {
    const request = new library.requests.CStoreRequest(dataSet);
    request.on('response', (response: { getStatus(): number }) => statuses.set(index, response.getStatus()));
    client.addRequest(request);
    return request;
  });
  await new Promise<void>((resolve, reject) => {
    const abort = () => {
      socketOf(client)?.destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    client.on('connected', () => {
      // Command and data go out in two writes; with Nagle's algorithm each object would wait 40 ms for the peer's ACK.
      socketOf(client)?.setNoDelay(true);
    });
    client.on('associationAccepted', (association: Association) => {
      for (const [index, request] of requestOf.entries()) takeAcceptedSyntax(association, request, dataSets[index]);
    });
    client.on('associationRejected', () => reject(new Error('the bridge rejects the association')));
    client.on('networkError', () =>
      reject(new Error('the bridge cannot be reached by DICOM, or broke the association')),
    );
    client.on('closed', () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
    const timeouts = { connectTimeout: TIMEOUT_MS, associationTimeout: TIMEOUT_MS, pduTimeout: TIMEOUT_MS };
    client.send(destination.host, destination.port, CALLING_AE_TITLE, destination.calledAeTitle, timeouts);
  });
  return objects.flatMap((_, index) => refusalOf(index, statuses.get(index)));
}

type Association = {
  getAcceptedPresentationContextFromRequest(
    request: StoreRequest,
  ): { getAcceptedTransferSyntaxUid(): string | undefined } | undefined;
};

/** The library would transcode a data set that is not in the accepted syntax; ours is written in it from the start. */
function takeAcceptedSyntax(association: Association, request: StoreRequest, dataSet: Dataset | undefined): void {
  const context = association.getAcceptedPresentationContextFromRequest(request);
  const accepted = context?.getAcceptedTransferSyntaxUid();
  if (accepted !== undefined) dataSet?.setTransferSyntaxUid(accepted);
}

function carryBytes(library: Library, object: DicomObject): Dataset {
  class CarriedDataSet extends library.Dataset {
    override getDenaturalizedDataset(): Buffer {
      return objectBytes(object, this.getTransferSyntaxUid());
    }
  }
  const identifiers = { SOPClassUID: object.sopClassUid, SOPInstanceUID: object.sopInstanceUid };
  return new CarriedDataSet(identifiers, EXPLICIT_LITTLE_ENDIAN);
}

function refusalOf(index: number, status: number | undefined): readonly RefusedObject[] {
  if (status === 0) return [];
  const reason = status === undefined ? 'no answer' : `C-STORE status ${status.toString(16).padStart(4, '0')}`;
  return [{ index, reason }];
}

/** The library keeps its socket to itself; reached by name, and left alone where it is not there. */
function socketOf(client: object): Socket | undefined {
  const network: unknown = Reflect.get(client, 'network');
  const socket: unknown = typeof network === 'object' && network !== null ? Reflect.get(network, 'socket') : undefined;
  return socket instanceof Socket ? socket : undefined;
}
