// Codes of senders and what they mean, as data.
import type { MappedOrder, ReportContent } from './mapped-message.ts';

/** PID-8, (0010,0040). Source: HL7 table 0001, GB/T 2261.1, PS3.3 C.7.1.1. Upper case. */
export const SEXES: ReadonlyMap<string, 'M' | 'F' | 'O'> = new Map([
  ['M', 'M'],
  ['F', 'F'],
  ['O', 'O'],
  ['U', 'O'],
  ['A', 'O'],
  ['N', 'O'],
  ['男', 'M'],
  ['女', 'F'],
  ['1', 'M'],
  ['2', 'F'],
]);

export type PatientClass = 'inpatient' | 'outpatient' | 'emergency' | 'checkUp';

/** PV1-2. Source: HL7 table 0004; T is a habit of check-up centres. */
export const PATIENT_CLASSES: ReadonlyMap<string, PatientClass> = new Map([
  ['I', 'inpatient'],
  ['O', 'outpatient'],
  ['E', 'emergency'],
  ['T', 'checkUp'],
  ['住院', 'inpatient'],
  ['门诊', 'outpatient'],
  ['急诊', 'emergency'],
  ['体检', 'checkUp'],
]);

/** Priorities of HL7 table 0485 that make an emergency: stat and as soon as possible. */
export const EMERGENCY_PRIORITIES: ReadonlySet<string> = new Set(['S', 'A']);

/** ORC-1. Source: HL7 table 0119. Empty is new. */
export const ORDER_ACTIONS: ReadonlyMap<string, MappedOrder['action']> = new Map([
  ['', 'new'],
  ['NW', 'new'],
  ['XO', 'change'],
  ['RP', 'change'],
  ['RU', 'change'],
  ['RO', 'change'],
  ['XX', 'change'],
  ['XR', 'change'],
  ['CA', 'cancel'],
  ['OC', 'cancel'],
  ['CR', 'cancel'],
  ['DC', 'discontinue'],
  ['OD', 'discontinue'],
  ['DR', 'discontinue'],
  ['SC', 'status'],
  ['SN', 'status'],
  ['SR', 'status'],
  ['SS', 'status'],
  ['OK', 'status'],
  ['NA', 'status'],
]);

/** ORC-5 of a status change that ends the order. Source: HL7 table 0038. */
export const ENDING_STATUSES: ReadonlyMap<string, MappedOrder['action']> = new Map([
  ['CA', 'cancel'],
  ['DC', 'discontinue'],
]);

export interface ResultStatus {
  readonly status: ReportContent['status'];
  /** X over C over F over P over R, A; Y and Z end a result as X does. */
  readonly rank: number;
}

/** OBR-25. Source: HL7 table 0123. */
export const RESULT_STATUSES: ReadonlyMap<string, ResultStatus> = new Map([
  ['O', { status: 'registered', rank: 0 }],
  ['S', { status: 'registered', rank: 0 }],
  ['I', { status: 'registered', rank: 0 }],
  ['A', { status: 'partial', rank: 1 }],
  ['R', { status: 'partial', rank: 1 }],
  ['P', { status: 'preliminary', rank: 2 }],
  ['F', { status: 'final', rank: 3 }],
  ['C', { status: 'final', rank: 4 }],
  ['X', { status: 'withdrawn', rank: 5 }],
  ['Y', { status: 'refused', rank: 5 }],
  ['Z', { status: 'refused', rank: 5 }],
]);

/**
 * OBX-11, as far as a line weakens or strengthens its report. Source: HL7 table 0085. D, W and X are read apart; codes
 * that say nothing of a text (N, O) are not here.
 */
export const LINE_STATUSES: ReadonlyMap<string, ResultStatus> = new Map([
  ['I', { status: 'registered', rank: 0 }],
  ['R', { status: 'partial', rank: 1 }],
  ['S', { status: 'partial', rank: 1 }],
  ['P', { status: 'preliminary', rank: 2 }],
  ['F', { status: 'final', rank: 3 }],
  ['U', { status: 'final', rank: 3 }],
  ['V', { status: 'final', rank: 3 }],
  ['C', { status: 'final', rank: 4 }],
]);

export type ObservationKind = 'findings' | 'impression' | 'studyUid' | 'bodyHeight' | 'bodyWeight';

/** OBX-3, text or code, upper case. The coding system named there is often false, so it is not asked. */
export const OBSERVATION_KINDS: ReadonlyMap<string, ObservationKind> = new Map([
  ['检查所见', 'findings'],
  ['影像所见', 'findings'],
  ['超声所见', 'findings'],
  ['影像表现', 'findings'],
  ['FINDING(S)', 'findings'],
  ['GDT', 'findings'],
  ['检查印象', 'impression'],
  ['诊断意见', 'impression'],
  ['诊断印象', 'impression'],
  ['诊断结论', 'impression'],
  ['检查提示', 'impression'],
  ['IMPRESSION', 'impression'],
  ['CONCLUSION', 'impression'],
  ['IMP', 'impression'],
  ['STUDY INSTANCE UID', 'studyUid'],
  ['BODY HEIGHT', 'bodyHeight'],
  ['身高', 'bodyHeight'],
  ['8302-2', 'bodyHeight'],
  ['BODY WEIGHT', 'bodyWeight'],
  ['体重', 'bodyWeight'],
  ['29463-7', 'bodyWeight'],
  ['3141-9', 'bodyWeight'],
]);

/** OBX-6, lower case, and what the value is multiplied by to become metres or kilograms. */
export const METRES_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ['m', 1],
  ['米', 1],
  ['cm', 0.01],
  ['厘米', 0.01],
  ['mm', 0.001],
]);
export const KILOGRAMS_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ['kg', 1],
  ['公斤', 1],
  ['千克', 1],
  ['g', 0.001],
  ['克', 0.001],
]);

/** (0008,0060). Source: PS3.3 C.7.3.1.1.1, retired terms included, since old machines go on sending them. */
export const MODALITIES: ReadonlySet<string> = new Set(
  (
    'ANN AR ASMT AS AU BDUS BI BMD CD CF CFM CP CR CS CT CTPROTOCOL DD DF DG DM DMS DOC DS DX EC ECG EEG EMG EOG EPS ' +
    'ES FA FID FS GM HC HD IO IOL IVOCT IVUS KER KO LEN LP LS M3D MA MG MR MS NM OAM OCT OP OPM OPR OPT OPTBSV OPTENF ' +
    'OPV OSS OT PA PLAN POS PR PT PX REG RESP RF RG RTDOSE RTIMAGE RTINTENT RTPLAN RTRAD RTRECORD RTSEGANN RTSTRUCT ' +
    'RWV SC SEG SM SMR SR SRF ST STAIN TEXTUREMAP TG US VA VF VIDD XA XAPROTOCOL XC'
  ).split(' '),
);

/** PID-3 types (CX-5), upper case. */
export const PATIENT_NUMBER_TYPES: readonly string[] = ['MR', 'PI', 'PATIENTNO', 'OUTPATIENT'];
export const CITIZEN_NUMBER_TYPES: ReadonlySet<string> = new Set(['IDENTIFYNO', 'NI', 'NNCHN']);
export const PASSPORT_TYPES: ReadonlySet<string> = new Set(['PPN']);
/** The hospital's visit card; it looks like a citizen number by name only. */
export const VISIT_CARD_TYPES: ReadonlySet<string> = new Set(['IDCARD']);
export const INSURANCE_TYPES: ReadonlySet<string> = new Set(['HC', 'MC', 'MA', 'SS']);
