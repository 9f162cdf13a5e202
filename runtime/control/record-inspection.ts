// Records of a topic as JSON values, for `inspect`.
import type { RecordCodec } from '../../codecs/avro/record-codec.ts';
import { positionText } from '../../schemas/record-entry.ts';
import type { RecordLog, StoredRecord } from '../contracts/record-log.ts';
import type { InspectRequest } from './control-protocol.ts';
import { recordJson } from './record-mask.ts';

export async function* inspectRecords(
  log: RecordLog,
  codec: RecordCodec,
  request: InspectRequest,
  signal: AbortSignal,
): AsyncGenerator<unknown> {
  let left = request.limit ?? Number.POSITIVE_INFINITY;
  const range = {
    ...(request.from === undefined ? {} : { fromOffset: BigInt(request.from) }),
    follow: request.follow === true,
  };
  for await (const batch of log.scan(request.topic, range, signal)) {
    for (const record of batch) {
      if (left <= 0) return;
      left -= 1;
      yield recordView(codec, request, record);
    }
    if (left <= 0) return;
  }
}

function recordView(codec: RecordCodec, request: InspectRequest, record: StoredRecord): unknown {
  const decoded = record.value === null ? undefined : codec.decode(request.topic, record.value);
  return {
    position: positionText(record.position),
    appendedAt: new Date(record.appendedAtMs).toISOString(),
    key: record.key,
    headers: Object.fromEntries(record.headers),
    ...(decoded === undefined ? { deleted: true } : {}),
    ...(decoded?.ok === true ? { record: recordJson(decoded.value, request.reveal === true) } : {}),
    ...(decoded?.ok === false ? { undecodable: decoded.failure.code } : {}),
  };
}
