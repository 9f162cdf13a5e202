// What the snapshots of a topic study.images say in the end: the last one of each study, added up.

import type { RecordCodec } from '../codecs/avro/record-codec.ts';
import type { RecordLog } from '../runtime/contracts/record-log.ts';
import type { Truth } from './store-events.ts';

export async function countedImages(
  log: RecordLog,
  codec: RecordCodec,
): Promise<Truth & { readonly snapshots: number }> {
  const last = new Map<string, { readonly images: number; readonly series: number; readonly revision: number }>();
  let snapshots = 0;
  for await (const records of log.scan('study.images', {}, new AbortController().signal)) {
    for (const { key, value } of records) {
      const decoded = codec.decode('study.images', value ?? Buffer.alloc(0));
      if (!decoded.ok) throw new Error(decoded.failure.code);
      const { counts, series, revision } = decoded.value;
      snapshots += 1;
      if (revision <= (last.get(key)?.revision ?? 0)) throw new Error('a snapshot came after a newer one');
      last.set(key, { images: counts.images, series: series.length, revision });
    }
  }
  let instances = 0;
  let series = 0;
  for (const study of last.values()) {
    instances += study.images;
    series += study.series;
  }
  return { instances, series, studies: last.size, snapshots };
}
