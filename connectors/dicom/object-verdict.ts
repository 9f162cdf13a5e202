// What a received object becomes: an instance record, or a dead letter with the status that refuses it.
import type { DimseRequest } from '../../codecs/dicom/command-set.ts';
import type { DicomHeader } from '../../codecs/dicom/header.ts';
import type { Entry } from '../../runtime/contracts/record-log.ts';
import { type Failure, failed, type Result, succeeded } from '../../schemas/failure.ts';
import { parseSopInstanceUid } from '../../schemas/identifiers.ts';
import type { AssociationPeer, Route, StoreScpOptions } from './store-scp-options.ts';
import { traceId } from './trace-id.ts';

export interface ReceivedObject {
  readonly request: DimseRequest;
  readonly transferSyntaxUid: string;
  readonly header: Result<DicomHeader>;
  readonly peer: AssociationPeer;
  /** Of the association. */
  readonly route: Route;
  /** The beginning of the data set, asked for only when it is refused. */
  readonly prefix: () => Uint8Array;
}

export interface ObjectVerdict {
  readonly entry: Entry;
  readonly refusal: Failure | undefined;
}

type VerdictOptions = Pick<StoreScpOptions, 'codec' | 'clock' | 'route'>;

export function judge(object: ReceivedObject, options: VerdictOptions): ObjectVerdict {
  const accepted = agreed(object, options);
  return accepted.ok
    ? { entry: instanceEntry(object, accepted.value, options), refusal: undefined }
    : { entry: deadLetterEntry(object, accepted.failure, options), refusal: accepted.failure };
}

interface Agreed {
  readonly header: DicomHeader;
  readonly route: Route;
}

function agreed({ request, header, peer, route }: ReceivedObject, options: VerdictOptions): Result<Agreed> {
  if (!header.ok) return header;
  // PS3.4 section B.2.3; the instance is held to the same.
  if (header.value.sopClassUid !== request.sopClassUid) {
    return failed('dicom.sop_class_mismatch', 'the SOP Class UID is not the one of the command');
  }
  if (header.value.sopInstanceUid !== request.sopInstanceUid) {
    return failed('dicom.sop_instance_mismatch', 'the SOP Instance UID is not the one of the command');
  }
  const institution = header.value.attributes.study.institutionName;
  const objectRoute = institution === null ? route : options.route({ ...peer, institution });
  if (objectRoute === undefined) return failed('dicom.no_site', 'no rule gives a site for the institution');
  return succeeded({ header: header.value, route: objectRoute });
}

function instanceEntry(object: ReceivedObject, { header, route }: Agreed, { codec, clock }: VerdictOptions): Entry {
  return codec.entry(
    'dicom.instances',
    {
      site: route.site,
      source: route.source,
      receivedAtMs: clock.nowMs(),
      event: 'stored',
      via: 'c_store',
      sourceOrder: null,
      callingAeTitle: object.peer.callingAeTitle,
      sopClassUid: header.sopClassUid,
      sopInstanceUid: header.sopInstanceUid,
      seriesInstanceUid: header.seriesInstanceUid,
      studyInstanceUid: header.studyInstanceUid,
      transferSyntaxUid: object.transferSyntaxUid,
      attributes: header.attributes,
    },
    { trace: traceId() },
  );
}

function deadLetterEntry(object: ReceivedObject, failure: Failure, { codec, clock }: VerdictOptions): Entry {
  const { header, request, route, prefix } = object;
  const sopInstanceUid = header.ok ? header.value.sopInstanceUid : parseSopInstanceUid(request.sopInstanceUid);
  return codec.entry(
    'dead.letters',
    {
      site: route.site,
      stage: 'intake',
      code: failure.code,
      reason: failure.message,
      position: null,
      // The study is often what could not be read; a UID that is none never becomes part of a key.
      key: header.ok ? header.value.studyInstanceUid : (sopInstanceUid ?? 'unknown'),
      occurredAtMs: clock.nowMs(),
      bytes: prefix(),
    },
    { trace: traceId() },
  );
}
