// Synthetic events of instances for the tests of the tally.
import { NO_STUDY_ATTRIBUTES } from '../../../schemas/no-study-attributes.ts';
import type { DicomInstance, StudyAttributes } from '../../../schemas/records.ts';

export const CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2';

export interface StoredEventParts {
  readonly study?: string;
  readonly series?: string;
  readonly instance: string;
  readonly sopClassUid?: string;
  readonly modality?: string | null;
  readonly attributes?: Partial<StudyAttributes>;
  readonly source?: string;
  readonly order?: number | null;
  readonly atMs?: number;
}

export function storedEvent(parts: StoredEventParts): DicomInstance {
  return {
    site: 'default',
    source: parts.source ?? 'pacs',
    receivedAtMs: parts.atMs ?? 1_800_000_000_000,
    event: 'stored',
    via: 'c_store',
    sourceOrder: parts.order ?? null,
    callingAeTitle: 'MODALITY',
    sopClassUid: parts.sopClassUid ?? CT_IMAGE,
    sopInstanceUid: parts.instance,
    seriesInstanceUid: parts.series ?? '1.2.3.1',
    studyInstanceUid: parts.study ?? '1.2.3',
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    attributes: {
      charset: { declared: [], used: 'ascii', flagged: false },
      modality: parts.modality === undefined ? 'CT' : parts.modality,
      instanceNumber: null,
      seriesNumber: null,
      seriesDescription: null,
      study: { ...NO_STUDY_ATTRIBUTES, ...parts.attributes },
    },
  };
}

export function deletedEvent(parts: StoredEventParts): DicomInstance {
  return {
    ...storedEvent(parts),
    event: 'deleted',
    via: 'store_event',
    sopClassUid: '',
    attributes: null,
  };
}
