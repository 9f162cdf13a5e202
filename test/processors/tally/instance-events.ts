// Synthetic events of instances for the tests of the tally.
import type { DicomInstance, StudyAttributes } from '../../../schemas/records.ts';

export const CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2';

export const NO_ATTRIBUTES: StudyAttributes = {
  patientId: null,
  issuerOfPatientId: null,
  patientName: null,
  patientSex: null,
  patientBirthDate: null,
  patientAge: null,
  patientSizeMetres: null,
  patientWeightKilograms: null,
  patientTelephone: null,
  allergies: null,
  accessionNumber: null,
  studyId: null,
  studyDate: null,
  studyTime: null,
  studyDescription: null,
  bodyPartExamined: null,
  scanOptions: null,
  referringPhysician: null,
  requestingService: null,
  institutionName: null,
  institutionalDepartment: null,
  performingPhysician: null,
  operatorsName: null,
  admissionId: null,
  admittingDiagnoses: null,
  stationName: null,
  manufacturer: null,
  manufacturerModel: null,
};

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
      study: { ...NO_ATTRIBUTES, ...parts.attributes },
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
