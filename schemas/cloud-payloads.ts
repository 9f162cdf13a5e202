// What the cloud is told, as JSON. Field names are the vendor's for a study; ours, provisional, for reports and withdrawals.

/**
 * Body of POST /ris/study/add. All strings but the four counts; a field without a value is absent.
 *
 * Source: vendor's document of 2025-03-07 (international edition V1.0.0). Class A fields are required here.
 */
export interface StudyPayload {
  readonly patientId: string;
  readonly patientName: string;
  readonly patientSex: 'M' | 'F' | 'O';
  readonly studyId: string;
  readonly accessNumber: string;
  readonly modality: string;
  readonly patientAge?: string;
  readonly patientAgeUnit?: 'Y' | 'M' | 'D';
  /** yyyy-MM-dd */
  readonly patientBirthday?: string;
  /** metres */
  readonly size?: string;
  /** kg */
  readonly weight?: string;
  readonly phoneNum?: string;
  readonly medicalInsuranceNum?: string;
  readonly idCardNum?: string;
  readonly hkAndMarcoPermitNum?: string;
  readonly hkAndMacauPermitNum?: string;
  readonly passportNum?: string;
  readonly otherInfo?: string;
  readonly bodyPart?: string;
  readonly studyDesc?: string;
  /** yyyy-MM-dd HH:mm:ss */
  readonly studyDate?: string;
  readonly scanMode?: string;
  readonly studyCategory?: 'normal' | 'emergency';
  readonly applyDept?: string;
  readonly applyDoctor?: string;
  readonly applyDeptId?: string;
  readonly applyDoctorId?: string;
  readonly hisNum?: string;
  readonly examDept?: string;
  readonly examDoctor?: string;
  readonly examDeptId?: string;
  readonly examDoctorId?: string;
  readonly status?: CloudStudyStatus;
  readonly studyUid?: string;
  readonly imageCnt?: number;
  readonly seriesCnt?: number;
  readonly reportCnt?: number;
  readonly pdfCnt?: number;
  readonly homeAddress?: string;
  readonly appointDate?: string;
  readonly clinicNum?: string;
  readonly inpatientNum?: string;
  readonly healthScreenNum?: string;
  readonly examInfo?: string;
  readonly inpatientWard?: string;
  readonly bedNum?: string;
  readonly diagnosis?: string;
  readonly symptom?: string;
  readonly allergies?: string;
  readonly studyRequirement?: string;
  readonly equipment?: string;
}

export type StudyField = keyof StudyPayload;
export type CloudStudyStatus = 'registered' | 'partial' | 'preliminary' | 'print' | 'final';

/** The fields without which the cloud refuses a study. */
export const CLASS_A_FIELDS = [
  'patientId',
  'patientName',
  'patientSex',
  'studyId',
  'accessNumber',
  'modality',
] as const satisfies readonly StudyField[];

/** A report, provisional: no documented call carries a report's text. Field names on the wire are configuration. */
export interface ReportPayload {
  readonly reportId: string;
  readonly studyId: string;
  readonly accessNumber: string;
  readonly status: 'registered' | 'partial' | 'preliminary' | 'final';
  /** 1 for the first, one more for each that changed it. */
  readonly version: number;
  readonly findings?: string;
  readonly impression?: string;
  readonly reportDoctor?: string;
  readonly reportDoctorId?: string;
  readonly auditDoctor?: string;
  readonly auditDoctorId?: string;
  /** yyyy-MM-dd HH:mm:ss */
  readonly reportDate?: string;
  /** yyyy-MM-dd HH:mm:ss */
  readonly auditDate?: string;
  /** SHA-256 of the PDF; the bytes stand in `documents` and are joined as base64 on delivery. */
  readonly pdfHash?: string;
}

/** Mark for deletion, provisional: the call is named by the vendor and not specified. */
export interface WithdrawalPayload {
  readonly studyId: string;
  /** Absent: the study and all it holds. */
  readonly reportId?: string;
}
