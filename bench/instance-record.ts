// A synthetic store event of one instance.
import { NO_STUDY_ATTRIBUTES } from '../schemas/no-study-attributes.ts';
import type { DicomInstance } from '../schemas/records.ts';

const ROOT = '1.2.826.0.1.3680043.10.9999';

export function instanceRecord(study: number, instance: number, series = instance % 2): DicomInstance {
  const studyUid = `${ROOT}.${study}`;
  const seriesUid = `${studyUid}.${series}`;
  return {
    site: 'bench',
    source: 'bench',
    receivedAtMs: 1_790_000_000_000,
    event: 'stored',
    via: 'c_store',
    sourceOrder: null,
    callingAeTitle: 'BENCH',
    sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
    sopInstanceUid: `${seriesUid}.${instance}`,
    seriesInstanceUid: seriesUid,
    studyInstanceUid: studyUid,
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    attributes: {
      charset: { declared: ['ISO_IR 192'], used: 'utf-8', flagged: false },
      modality: 'CT',
      instanceNumber: String(instance),
      seriesNumber: '1',
      seriesDescription: null,
      study: {
        ...NO_STUDY_ATTRIBUTES,
        patientId: `P${study}`,
        patientName: 'Ceshi^Jia=测试^甲',
        patientSex: 'F',
        patientBirthDate: '19800101',
        accessionNumber: `A${study}`,
        studyDate: '20260303',
        studyTime: '091000',
        studyDescription: 'CT CHEST',
        manufacturer: 'Maker',
      },
    },
  };
}
