// What will be examined in one study: patient, identifiers, series, reports, and which trouble comes with it. The same for the same seed.
import { type InventedPatient, inventPatient } from './invented-patient.ts';
import { type RandomSource, seededRandom, seededUid } from './random-source.ts';

export type Charset = 'utf-8' | 'gb18030';
export type ObjectKind = 'image' | 'structured report' | 'pdf' | 'key object' | 'presentation state';

export interface InstancePlan {
  readonly sopInstanceUid: string;
  readonly number: number;
}

export interface SeriesPlan {
  readonly seriesInstanceUid: string;
  readonly number: number;
  readonly kind: ObjectKind;
  readonly sopClassUid: string;
  readonly modality: string;
  readonly instances: readonly InstancePlan[];
}

export interface ReportPlan {
  readonly resultStatus: 'P' | 'F' | 'C';
  /** OBR-22, yyyyMMddHHmmss: reports of a study are ordered by it, not by arrival. */
  readonly statusChangedAt: string;
  readonly findings: string;
  readonly impression: string;
  readonly carriesPdf: boolean;
}

export interface StudyPlan {
  readonly index: number;
  readonly patient: InventedPatient;
  readonly accessionNumber: string;
  readonly placerOrderNumber: string;
  readonly fillerOrderNumber: string;
  readonly studyInstanceUid: string;
  readonly procedure: Procedure;
  /** yyyyMMddHHmmss */
  readonly performedAt: string;
  readonly charset: Charset;
  readonly orderMessage: 'ORM^O01' | 'OMI^O23';
  readonly orderAfterImages: boolean;
  /** One of the two may lack the accession number; the Study Instance UID then joins them. */
  readonly accessionMissingIn: 'order' | 'images' | null;
  readonly series: readonly SeriesPlan[];
  /** Sent a second time, byte for byte. */
  readonly repeatedSopInstanceUids: ReadonlySet<string>;
  /** Sent when the cloud already has the study. */
  readonly lateSopInstanceUid: string | null;
  /** In the order of sending. */
  readonly reports: readonly ReportPlan[];
}

export interface Procedure {
  readonly modality: string;
  readonly sopClassUid: string;
  readonly code: string;
  readonly text: string;
  readonly bodyPart: string;
  /** For (0018,0015), a code string. */
  readonly bodyPartCode: string;
}

const PROCEDURES = [
  {
    modality: 'CT',
    sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
    code: 'CT001',
    text: '胸部CT平扫',
    bodyPart: '胸部',
    bodyPartCode: 'CHEST',
  },
  {
    modality: 'MR',
    sopClassUid: '1.2.840.10008.5.1.4.1.1.4',
    code: 'MR003',
    text: '颅脑MR平扫',
    bodyPart: '颅脑',
    bodyPartCode: 'HEAD',
  },
  {
    modality: 'DX',
    sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
    code: 'DX002',
    text: '胸部正侧位片',
    bodyPart: '胸部',
    bodyPartCode: 'CHEST',
  },
  {
    modality: 'US',
    sopClassUid: '1.2.840.10008.5.1.4.1.1.6.1',
    code: 'US052',
    text: '肝胆胰脾彩超',
    bodyPart: '上腹部',
    bodyPartCode: 'ABDOMEN',
  },
] as const satisfies readonly Procedure[];

const EXTRA_SERIES = [
  { kind: 'structured report', sopClassUid: '1.2.840.10008.5.1.4.1.1.88.11', modality: 'SR' },
  { kind: 'pdf', sopClassUid: '1.2.840.10008.5.1.4.1.1.104.1', modality: 'DOC' },
  { kind: 'key object', sopClassUid: '1.2.840.10008.5.1.4.1.1.88.59', modality: 'KO' },
  { kind: 'presentation state', sopClassUid: '1.2.840.10008.5.1.4.1.1.11.1', modality: 'PR' },
] as const satisfies readonly { kind: ObjectKind; sopClassUid: string; modality: string }[];

export const STUDIES_MAX = 9_999;

/** The studies of a seed; the n-th is the same however many are asked for. */
export function planStudies(seed: number, count: number): readonly StudyPlan[] {
  return Array.from({ length: Math.min(count, STUDIES_MAX) }, (_, index) => planStudy(seed, index));
}

function planStudy(seed: number, index: number): StudyPlan {
  const random = seededRandom(`study ${seed} ${index}`);
  // At most 7 characters of seed and 4 of index: an accession number holds 16 (PS3.5 table 6.2-1, SH).
  const name = `${(seed >>> 0).toString(36).toUpperCase()}${String(index).padStart(4, '0')}`;
  const studyInstanceUid = seededUid(`${seed}/${index}`);
  const procedure = random.pick(PROCEDURES);
  const series = planSeries(`${seed}/${index}`, index, procedure, random);
  const images = series.filter((one) => one.kind === 'image').flatMap((one) => one.instances);
  const day = `2026${pad(random.integer(1, 6))}${pad(random.integer(1, 28))}`;
  return {
    index,
    patient: inventPatient(`P${name}`, random, index % 5 === 2),
    accessionNumber: `A${name}`,
    placerOrderNumber: `H${name}`,
    fillerOrderNumber: `R${name}`,
    studyInstanceUid,
    procedure,
    performedAt: `${day}${pad(random.integer(8, 10))}${pad(random.integer(0, 59))}${pad(random.integer(0, 59))}`,
    charset: index % 2 === 0 ? 'utf-8' : 'gb18030',
    orderMessage: index % 3 === 1 ? 'OMI^O23' : 'ORM^O01',
    orderAfterImages: index % 4 === 3,
    accessionMissingIn: index % 6 === 4 ? 'images' : index % 6 === 5 ? 'order' : null,
    series,
    repeatedSopInstanceUids: new Set(images.filter((_, at) => at % 3 === index % 3).map((one) => one.sopInstanceUid)),
    lateSopInstanceUid: index % 3 === 0 ? (images.at(-1)?.sopInstanceUid ?? null) : null,
    reports: planReports(index, day, random),
  };
}

/** One to three series of images, and every other study some object that is none. */
function planSeries(path: string, index: number, procedure: Procedure, random: RandomSource): readonly SeriesPlan[] {
  const imageSeries = Array.from({ length: random.integer(1, 3) }, () => ({
    kind: 'image' as const,
    sopClassUid: procedure.sopClassUid,
    modality: procedure.modality,
    instances: random.integer(2, 6),
  }));
  const extras = EXTRA_SERIES.filter((_, at) => (index + at) % 4 < 2 && index % 2 === 0).map((extra) => ({
    ...extra,
    instances: 1,
  }));
  return [...imageSeries, ...extras].map((one, at) => ({
    ...one,
    number: at + 1,
    seriesInstanceUid: seededUid(`${path}/${at}`),
    instances: Array.from({ length: one.instances }, (_, instance) => ({
      sopInstanceUid: seededUid(`${path}/${at}/${instance}`),
      number: instance + 1,
    })),
  }));
}

const SIZES = ['大小约8×6mm', '大小约12×9mm', '直径约5mm'] as const;

/** By turns: preliminary to corrected; final before a late preliminary; final with a PDF; none; preliminary only. */
function planReports(index: number, day: string, random: RandomSource): readonly ReportPlan[] {
  const size = random.pick(SIZES);
  // Line break and all delimiters of HL7: each must arrive as itself.
  const findings = `可见结节，${size}，边界清&无毛刺\n密度均匀|CT值约35~40HU^增强后\\无强化`;
  const report = (resultStatus: 'P' | 'F' | 'C', hour: number, carriesPdf = false): ReportPlan => ({
    resultStatus,
    statusChangedAt: `${day}${pad(hour)}0500`,
    findings: resultStatus === 'P' ? `初步：${findings}` : findings,
    impression: `${resultStatus === 'C' ? '更正：' : ''}结节；建议3个月后复查。`,
    carriesPdf,
  });
  switch (index % 5) {
    case 0:
      return [report('P', 12), report('F', 14), report('C', 16)];
    case 1:
      return [report('F', 14), report('P', 12)];
    case 2:
      return [report('P', 12), report('F', 15, true)];
    case 3:
      return [];
    default:
      return [report('P', 13)];
  }
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
