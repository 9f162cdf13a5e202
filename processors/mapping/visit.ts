// The visit: patient class, visit number, ward and bed.
import type { Hl7Segment } from '../../codecs/hl7/message-view.ts';
import { PATIENT_CLASSES, type PatientClass } from './code-tables.ts';
import { fieldText, type MappingDraft, plainText, put, report } from './mapping-draft.ts';
import type { TypedNumber } from './patient-identifiers.ts';

interface VisitNumber {
  readonly field: 'clinicNum' | 'inpatientNum' | 'healthScreenNum';
  /** CX-5 of a PID-3 repetition of that kind, upper case. */
  readonly type?: string;
}

const VISIT_NUMBERS: { readonly [Class in PatientClass]: VisitNumber } = {
  inpatient: { field: 'inpatientNum', type: 'PATIENTNO' },
  outpatient: { field: 'clinicNum', type: 'OUTPATIENT' },
  emergency: { field: 'clinicNum', type: 'OUTPATIENT' },
  checkUp: { field: 'healthScreenNum' },
};

export function mapVisit(
  draft: MappingDraft,
  pv1: Hl7Segment | undefined,
  pid: Hl7Segment | undefined,
  numbers: readonly TypedNumber[],
): PatientClass | undefined {
  const code = plainText(pv1, 2);
  if (code === '') return undefined;
  const patientClass = PATIENT_CLASSES.get(code.toUpperCase());
  if (patientClass === undefined) {
    report(draft, 'studyCategory', 'PV1-2', 'mapping.unknown_code');
    return undefined;
  }
  const { field, type } = VISIT_NUMBERS[patientClass];
  put(draft, field, fieldText(draft, field, pv1, 19));
  put(draft, field, fieldText(draft, field, pid, 18));
  if (type !== undefined) put(draft, field, numbers.find((other) => other.type === type)?.number ?? '');
  // A department is not read from PV1-3: which of its parts names one differs from hospital to hospital.
  if (patientClass === 'inpatient') {
    put(draft, 'inpatientWard', fieldText(draft, 'inpatientWard', pv1, 3, 1));
    put(draft, 'bedNum', fieldText(draft, 'bedNum', pv1, 3, 3));
  }
  return patientClass;
}
