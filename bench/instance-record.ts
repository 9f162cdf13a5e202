// A synthetic store event of one instance.
import type { DicomInstance, StudyAttributes } from '../schemas/records.ts';

const ROOT = '1.2.826.0.1.3680043.10.9999';

const ABSENT: StudyAttributes = {
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
        ...ABSENT,
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
