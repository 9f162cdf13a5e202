// Snapshots of images that say nothing but that there are some, and what they are identified by.

import { NO_STUDY_ATTRIBUTES } from '../../schemas/no-study-attributes.ts';
import type { Entry } from '../../schemas/record-entry.ts';
import { logCodec } from './log-records.ts';

export interface BareImages {
  readonly site: string;
  readonly studyInstanceUid: string;
  readonly accession: string | null;
  readonly modality: string | null;
  readonly revision: number;
  readonly atMs: number;
}

/** One series of one image. */
export function bareImages({ site, studyInstanceUid, accession, modality, revision, atMs }: BareImages): Entry {
  const counts = { images: 1, structuredReports: 0, doseReports: 0, pdfs: 0, keyObjects: 0, presentationStates: 0 };
  return logCodec.entry(
    'study.images',
    {
      site,
      studyInstanceUid,
      revision,
      firstEventAtMs: atMs,
      lastEventAtMs: atMs,
      counts,
      series: [{ seriesInstanceUid: `${studyInstanceUid}.1`.slice(-64), modality, counts }],
      attributes: { ...NO_STUDY_ATTRIBUTES, accessionNumber: accession },
    },
    { trace: '00000000000000aa' },
  );
}
